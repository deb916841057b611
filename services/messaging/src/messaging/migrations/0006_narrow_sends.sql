-- The service has to be stopped while this runs: docs/decisions/0011-narrow-rows.md.
-- In `send` a launch is a number, its project is the launch's, and states are an enum.

CREATE TYPE delivery_state AS ENUM (
    'planned', 'held', 'sending', 'accepted', 'delivered', 'bounced', 'complained', 'failed', 'skipped', 'cancelled', 'unknown'
);
ALTER TABLE launch ADD COLUMN number integer NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE;
COMMENT ON COLUMN launch.number IS 'Stands for the launch in the large tables.';

ALTER TABLE send RENAME TO wide_send;
ALTER TABLE wide_send RENAME CONSTRAINT send_pkey TO wide_send_pkey;
DROP INDEX send_planned, send_planned_contact, send_sending, send_exceptional;

-- One row per send for ever; the columns that a send at its end no longer needs are empty again then. Wide types come
-- first: nothing is lost between them.
CREATE TABLE send (
    changed_at timestamptz      NOT NULL,
    next_at    timestamptz,
    revision   bigint,                   -- of the contact, when the snapshot was taken
    dot_epoch  bigint,                   -- of the lease that committed the dot
    launch     integer          NOT NULL,
    occurrence integer          NOT NULL,
    state      delivery_state   NOT NULL,
    partition  smallint         NOT NULL,
    attempts   smallint         NOT NULL DEFAULT 0,
    permitted  boolean,
    suppressed boolean,
    consented  boolean,
    contact_id text COLLATE "C" NOT NULL,
    step       text COLLATE "C" NOT NULL,
    reason     text COLLATE "C",
    email      text COLLATE "C",
    facts      json,                     -- what the template reads
    PRIMARY KEY (launch, contact_id, step, occurrence)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.1);

INSERT INTO send (changed_at, next_at, revision, dot_epoch, launch, occurrence, state, partition, attempts, permitted,
                  suppressed, consented, contact_id, step, reason, email, facts)
SELECT w.changed_at, w.next_at, w.revision, w.dot_epoch, l.number, w.occurrence, w.state::delivery_state, w.partition,
       w.attempts, w.permitted, w.suppressed, w.consented, w.contact_id, w.step, w.reason, w.email, w.facts
FROM wide_send w JOIN launch l ON l.launch_id = w.launch_id;

DO $$
BEGIN
    IF (SELECT count(*) FROM wide_send) <> (SELECT count(*) FROM send) THEN
        RAISE EXCEPTION 'sends of a launch that is not in table launch: nothing was changed';
    END IF;
END $$;
DROP TABLE wide_send;

CREATE INDEX send_planned ON send (partition, launch, next_at) WHERE state = 'planned';
CREATE INDEX send_planned_contact ON send (contact_id) WHERE state = 'planned';
CREATE INDEX send_sending ON send (partition) WHERE state = 'sending';
CREATE INDEX send_exceptional ON send (launch, state, contact_id, step, occurrence)
    WHERE state NOT IN ('planned', 'sending', 'accepted');
