-- The service has to be stopped while this runs: docs/decisions/0011-narrow-rows.md.
-- What the targets of a chunk that ended alike have in common lies once in `ending`.

ALTER TABLE launch ALTER COLUMN number TYPE integer;
ALTER TABLE outcome RENAME TO wide_outcome;
ALTER TABLE wide_outcome RENAME CONSTRAINT outcome_pkey TO wide_outcome_pkey;

CREATE SEQUENCE ending_number AS integer CYCLE;
CREATE TABLE ending (
    launch     integer          NOT NULL,
    number     integer          NOT NULL DEFAULT nextval('ending_number'),
    partition  smallint         NOT NULL,
    outcome    outcome_kind     NOT NULL,
    reason     text COLLATE "C" NOT NULL,
    started_at timestamptz,
    ended_at   timestamptz      NOT NULL,
    PRIMARY KEY (launch, number)
);
ALTER SEQUENCE ending_number OWNED BY ending.number;
COMMENT ON TABLE ending IS 'Targets of one record that started together and ended alike. Written once, never changed.';

CREATE TABLE outcome (
    launch     integer          NOT NULL,
    ending     integer          NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (launch, contact_id)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.5);
COMMENT ON TABLE outcome IS 'The outcome of each target: written once, never changed.';

CREATE TEMPORARY TABLE moved ON COMMIT DROP AS
SELECT dense_rank() OVER (ORDER BY launch, partition, outcome, reason, started_at, ended_at)::integer AS number, *
FROM wide_outcome;
INSERT INTO ending (launch, number, partition, outcome, reason, started_at, ended_at)
SELECT DISTINCT launch, number, partition, outcome, reason, started_at, ended_at FROM moved;
SELECT setval('ending_number', coalesce(max(number), 0) + 1, false) FROM ending;
INSERT INTO outcome (launch, ending, contact_id) SELECT launch, number, contact_id FROM moved ORDER BY number, contact_id;

DO $$
BEGIN
    IF (SELECT count(*) FROM wide_outcome) <> (SELECT count(*) FROM outcome JOIN ending e ON e.number = outcome.ending) THEN
        RAISE EXCEPTION 'not every outcome was copied: nothing was changed';
    END IF;
END $$;
DROP TABLE wide_outcome;
