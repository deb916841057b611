-- The service has to be stopped while this runs: docs/decisions/0011-narrow-rows.md.
-- What instances that stand alike have in common lies once per cohort, and a launch is a number in the large tables.

ALTER TABLE launch ADD COLUMN number integer NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE;
COMMENT ON COLUMN launch.number IS 'Stands for the launch in the large tables.';

DROP VIEW standing;
ALTER TABLE process_instance RENAME TO wide_instance;
ALTER TABLE wide_instance RENAME CONSTRAINT process_instance_pkey TO wide_instance_pkey;
ALTER TABLE refused_target RENAME TO wide_refusal;
ALTER TABLE wide_refusal RENAME CONSTRAINT refused_target_pkey TO wide_refusal_pkey;
ALTER TABLE recurrence RENAME TO wide_recurrence;
ALTER TABLE wide_recurrence RENAME CONSTRAINT recurrence_pkey TO wide_recurrence_pkey;

CREATE TABLE cohort (
    launch      integer NOT NULL,
    number      integer NOT NULL GENERATED ALWAYS AS IDENTITY (CYCLE),
    partition   smallint NOT NULL,
    size        integer NOT NULL,
    status      text NOT NULL,
    step        text NOT NULL,
    occurrences json,
    messages    text,
    due_at      timestamptz,
    facts       boolean NOT NULL,
    started_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    outcome     text,
    reason      text,
    members     text,
    PRIMARY KEY (launch, number)
);
COMMENT ON TABLE cohort IS
    'Where instances of one launch and partition stand that started together and have gone the same way since.';
COMMENT ON COLUMN cohort.size IS 'How many instances are of it: exact. The row goes with the last that leaves.';
COMMENT ON COLUMN cohort.occurrences IS 'Visits per repeatable step; null: none counted.';
COMMENT ON COLUMN cohort.messages IS 'sent, or why the first message was skipped while all were; null: none yet.';
COMMENT ON COLUMN cohort.facts IS 'Its instances have their contact data kept.';
COMMENT ON COLUMN cohort.reason IS 'Of the outcome; of an incident, what a person has to know.';
COMMENT ON COLUMN cohort.members IS 'Contact ids of who ever was of it, packed; who still is, process_instance says. Null: ended when made.';
CREATE INDEX cohort_due ON cohort (partition, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX cohort_open ON cohort (launch, partition, number) WHERE outcome IS NULL;

CREATE TABLE process_instance (
    launch     integer NOT NULL,
    cohort     integer NOT NULL,
    revision   integer NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    facts      json,
    PRIMARY KEY (launch, contact_id)
);
COMMENT ON TABLE process_instance IS
    'One run of a scenario version for one target. Never deleted while a topic that could repeat its target is kept.';
COMMENT ON COLUMN process_instance.revision IS 'Of the contact, as its target carried it.';
COMMENT ON COLUMN process_instance.facts IS 'The target''s contact data, kept only while a step ahead reads it.';

CREATE TEMPORARY TABLE moved ON COMMIT DROP AS
SELECT l.number AS launch,
       dense_rank() OVER (ORDER BY l.number, i.partition, i.status, i.step, i.occurrences::text, i.messages, i.due_at,
                                   i.facts IS NOT NULL, i.started_at, i.ended_at, i.outcome, i.reason)::integer AS cohort,
       i.*
FROM wide_instance i JOIN launch l ON l.launch_id = i.launch_id;

INSERT INTO cohort (launch, number, partition, size, status, step, occurrences, messages, due_at, facts, started_at,
                    ended_at, outcome, reason, members)
OVERRIDING SYSTEM VALUE
SELECT launch, cohort, min(partition), count(*), min(status), min(step), min(occurrences::text)::json, min(messages),
       min(due_at), bool_or(facts IS NOT NULL), min(started_at), min(ended_at), min(outcome), min(reason),
       CASE WHEN min(outcome) IS NULL THEN string_agg(contact_id, chr(31)) END
FROM moved GROUP BY launch, cohort;
SELECT setval(pg_get_serial_sequence('cohort', 'number'), coalesce(max(number), 0) + 1, false) FROM cohort;

INSERT INTO process_instance (launch, cohort, revision, contact_id, facts)
SELECT launch, cohort, revision, contact_id, facts FROM moved ORDER BY launch, cohort, contact_id;

CREATE TABLE refused_target (
    launch     integer NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    reason     text NOT NULL,
    PRIMARY KEY (launch, contact_id)
);
COMMENT ON TABLE refused_target IS 'Targets that never start: without a row a repeated chunk could start them later.';
INSERT INTO refused_target (launch, contact_id, reason)
SELECT l.number, w.contact_id, w.reason FROM wide_refusal w JOIN launch l ON l.launch_id = w.launch_id;

CREATE TABLE recurrence (
    launch     integer NOT NULL,
    keep       boolean NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    scenario   text COLLATE "C" NOT NULL,
    project    text COLLATE "C" NOT NULL,
    PRIMARY KEY (contact_id, scenario, project)
);
COMMENT ON TABLE recurrence IS 'Who holds the one place of a contact in a scenario: the launch that started it last.';
COMMENT ON COLUMN recurrence.keep IS 'Stays when the instance ends (once), else goes with it (if_not_running).';
INSERT INTO recurrence (launch, keep, contact_id, scenario, project)
SELECT l.number, w.keep, w.contact_id, w.scenario, w.project
FROM wide_recurrence w JOIN launch l ON l.launch_id = w.launch_id;

DO $$
BEGIN
    IF (SELECT count(*) FROM wide_instance) <> (SELECT count(*) FROM process_instance)
       OR (SELECT count(*) FROM wide_refusal) <> (SELECT count(*) FROM refused_target)
       OR (SELECT count(*) FROM wide_recurrence) <> (SELECT count(*) FROM recurrence) THEN
        RAISE EXCEPTION 'rows of a launch that is not in table launch: nothing was changed';
    END IF;
END $$;
DROP TABLE wide_instance, wide_refusal, wide_recurrence;

-- An order is carried out when no cohort is left that it concerns: nothing has to be remembered between its portions.
ALTER TABLE work_order DROP COLUMN after;

CREATE VIEW instance AS
SELECT l.launch_id, i.contact_id, c.partition, l.project, l.scenario, l.version, c.status, c.step, c.occurrences,
       c.messages, c.due_at, c.started_at, c.ended_at, c.outcome, c.reason, i.revision, i.facts
FROM process_instance i
JOIN cohort c ON c.launch = i.launch AND c.number = i.cohort
JOIN launch l ON l.number = i.launch;
COMMENT ON VIEW instance IS 'Everything about each instance in one row, for people who look. Statements of the service have plans of their own.';
