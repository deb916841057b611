-- Launches as messaging knows them: the immutable part, and the gate beside it (either may come first).
CREATE TABLE launch (
    launch_id        text COLLATE "C" PRIMARY KEY,
    project          text COLLATE "C" NOT NULL,
    version          json NOT NULL,      -- contracts.launches.ScenarioVersion
    context          json NOT NULL,
    consent_override boolean NOT NULL,
    requested_at     timestamptz NOT NULL,
    trace            text                -- traceparent of what requested it: handing over follows it
);

CREATE TABLE gate (
    launch_id text COLLATE "C" PRIMARY KEY,
    project   text COLLATE "C" NOT NULL,
    revision  bigint NOT NULL,
    state     text COLLATE "C" NOT NULL CHECK (state IN ('running', 'paused', 'stopped'))
);

-- The newest that contacts.changes said of each contact.
CREATE TABLE contact_state (
    project    text COLLATE "C" NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    revision   bigint NOT NULL,
    deleted    boolean NOT NULL,
    active     boolean NOT NULL,
    suppressed boolean NOT NULL,
    email      text COLLATE "C",
    consent    json NOT NULL,
    PRIMARY KEY (project, contact_id)
) WITH (fillfactor = 85);

-- One row per send for ever; the columns from next_at on are empty again once it is at its end.
CREATE TABLE send (
    project    text COLLATE "C" NOT NULL,
    launch_id  text COLLATE "C" NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    step       text COLLATE "C" NOT NULL,
    occurrence integer NOT NULL,
    partition  integer NOT NULL,
    state      text COLLATE "C" NOT NULL,
    reason     text COLLATE "C",
    changed_at timestamptz NOT NULL,
    attempts   integer NOT NULL DEFAULT 0,
    next_at    timestamptz,
    revision   bigint,                   -- of the contact, when the snapshot was taken
    permitted  boolean,
    suppressed boolean,
    consented  boolean,
    email      text COLLATE "C",
    facts      json,                     -- what the template reads
    dot_epoch  bigint,                   -- of the lease that committed the dot
    PRIMARY KEY (launch_id, contact_id, step, occurrence)
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.1);

CREATE INDEX send_planned ON send (partition, launch_id, next_at) WHERE state = 'planned';
CREATE INDEX send_planned_contact ON send (project, contact_id) WHERE state = 'planned';
CREATE INDEX send_sending ON send (partition) WHERE state = 'sending';
CREATE INDEX send_exceptional ON send (launch_id, state, contact_id, step, occurrence)
    WHERE state NOT IN ('planned', 'sending', 'accepted');

-- Chunks that cannot be judged yet, because their launch is not known here or is paused: whole, as they came.
CREATE TABLE waiting_chunk (
    launch_id text COLLATE "C" NOT NULL,
    event_id  text COLLATE "C" NOT NULL,
    project   text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    position  bigint NOT NULL,           -- offset on executor.sends
    event     bytea NOT NULL,
    trace     text,                      -- traceparent of what brought it
    PRIMARY KEY (launch_id, event_id)
);
ALTER TABLE waiting_chunk ALTER COLUMN event SET STORAGE EXTERNAL;
CREATE INDEX waiting_chunk_partition ON waiting_chunk (partition, launch_id, position);

CREATE TABLE channel (
    channel    text COLLATE "C" PRIMARY KEY,
    revision   bigint NOT NULL,
    configured boolean NOT NULL
);
