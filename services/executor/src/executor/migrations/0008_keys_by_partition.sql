-- The service has to be stopped while this runs: docs/decisions/0017-keys-by-partition.md.
-- Keys of the tables with a row per contact have the partition before the contact: rows of one partition lie together.

-- A process of the version before does not say the partition. That it does not is no record's fault: SQLSTATE 42 is tried again.
CREATE FUNCTION partition_unsaid() RETURNS smallint LANGUAGE plpgsql AS $$
BEGIN
    RAISE undefined_column USING MESSAGE = 'this process is of a version before partitions stood in keys: stop it';
END $$;

DROP VIEW instance;
ALTER TABLE process_instance RENAME TO scattered_instance;
ALTER TABLE scattered_instance RENAME CONSTRAINT process_instance_pkey TO scattered_instance_pkey;
CREATE TABLE process_instance (
    launch     integer  NOT NULL,
    cohort     integer  NOT NULL,
    revision   integer  NOT NULL,
    partition  smallint NOT NULL DEFAULT partition_unsaid(),
    contact_id text COLLATE "C" NOT NULL,
    facts      json,
    PRIMARY KEY (launch, partition, contact_id)
);
COMMENT ON TABLE process_instance IS
    'One run of a scenario version for one target. Never deleted while a topic that could repeat its target is kept.';
COMMENT ON COLUMN process_instance.revision IS 'Of the contact, as its target carried it.';
COMMENT ON COLUMN process_instance.facts IS 'The target''s contact data, kept only while a step ahead reads it.';
INSERT INTO process_instance (launch, cohort, revision, partition, contact_id, facts)
SELECT i.launch, i.cohort, i.revision, c.partition, i.contact_id, i.facts
FROM scattered_instance i JOIN cohort c ON c.launch = i.launch AND c.number = i.cohort
ORDER BY i.launch, c.partition, i.contact_id;
DO $$
BEGIN
    IF (SELECT count(*) FROM scattered_instance) <> (SELECT count(*) FROM process_instance) THEN
        RAISE EXCEPTION 'instances of a cohort that is not in table cohort: nothing was changed';
    END IF;
END $$;
DROP TABLE scattered_instance;

ALTER TABLE contact_state DROP CONSTRAINT contact_state_pkey, ADD PRIMARY KEY (project, partition, contact_id);

CREATE VIEW instance AS
SELECT l.launch_id, i.contact_id, i.partition, l.project, l.scenario, l.version, c.status, c.step, c.occurrences,
       c.messages, c.due_at, c.started_at, c.ended_at, c.outcome, c.reason, i.revision, i.facts
FROM process_instance i
JOIN cohort c ON c.launch = i.launch AND c.number = i.cohort
JOIN launch l ON l.number = i.launch;
COMMENT ON VIEW instance IS 'Everything about each instance in one row, for people who look. Statements of the service have plans of their own.';
