-- The service has to be stopped while this runs: docs/decisions/0017-keys-by-partition.md.
-- The key of an outcome has the partition before the contact: outcomes of one partition lie together.

-- A process of the version before does not say the partition. That it does not is no record's fault: SQLSTATE 42 is tried again.
CREATE FUNCTION partition_unsaid() RETURNS smallint LANGUAGE plpgsql AS $$
BEGIN
    RAISE undefined_column USING MESSAGE = 'this process is of a version before partitions stood in keys: stop it';
END $$;

ALTER TABLE outcome RENAME TO scattered_outcome;
ALTER TABLE scattered_outcome RENAME CONSTRAINT outcome_pkey TO scattered_outcome_pkey;
CREATE TABLE outcome (
    launch     integer          NOT NULL,
    ending     integer          NOT NULL,
    partition  smallint         NOT NULL DEFAULT partition_unsaid(),
    contact_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (launch, partition, contact_id)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.5);
COMMENT ON TABLE outcome IS 'The outcome of each target: written once, never changed.';
INSERT INTO outcome (launch, ending, partition, contact_id)
SELECT o.launch, o.ending, e.partition, o.contact_id
FROM scattered_outcome o JOIN ending e ON e.launch = o.launch AND e.number = o.ending
ORDER BY o.launch, e.partition, o.contact_id;
DO $$
BEGIN
    IF (SELECT count(*) FROM scattered_outcome) <> (SELECT count(*) FROM outcome) THEN
        RAISE EXCEPTION 'outcomes of an ending that is not in table ending: nothing was changed';
    END IF;
END $$;
DROP TABLE scattered_outcome;
