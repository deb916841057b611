-- Holds of the blast guard. A gate is closed by messaging itself while holds > lifted; `state` is then 'paused' though
-- the newest control record says running. `held`: why, of the newest hold.
ALTER TABLE gate
    ADD COLUMN holds  int NOT NULL DEFAULT 0,
    ADD COLUMN lifted int NOT NULL DEFAULT 0,
    ADD COLUMN held   text;

-- Launches from before the guard have sends and targets that were never counted: they are left alone.
ALTER TABLE launch ADD COLUMN guarded boolean NOT NULL DEFAULT false;
ALTER TABLE launch ALTER COLUMN guarded SET DEFAULT true;

-- Chunks of targets that were counted, so that each counts once.
CREATE TABLE admitted_chunk (
    launch_id text COLLATE "C" NOT NULL,
    event_id  text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    contacts  integer NOT NULL,
    PRIMARY KEY (launch_id, event_id)
);

-- What a partition's share of a launch may send and what was asked for: messaging.domain.guard.Share. By its lease alone.
CREATE TABLE share (
    launch_id text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    admitted  bigint  NOT NULL DEFAULT 0,
    asked     json    NOT NULL DEFAULT '{}',
    surplus   json    NOT NULL DEFAULT '{}',
    allowed   json    NOT NULL DEFAULT '{}',
    PRIMARY KEY (launch_id, partition)
) WITH (fillfactor = 50);

-- Chunks of sends that seem more than planned, whole, until it is certain that no targets are still to be read.
CREATE TABLE suspect_chunk (
    launch_id text COLLATE "C" NOT NULL,
    event_id  text COLLATE "C" NOT NULL,
    project   text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    position  bigint  NOT NULL,
    event     bytea   NOT NULL,
    trace     text,
    PRIMARY KEY (launch_id, event_id)
);
ALTER TABLE suspect_chunk ALTER COLUMN event SET STORAGE EXTERNAL;
CREATE INDEX suspect_chunk_partition ON suspect_chunk (partition, position);

-- Where held sends lie, and why: a row while there may be some.
CREATE TABLE holding (
    partition integer NOT NULL,
    launch_id text COLLATE "C" NOT NULL,
    reason    text COLLATE "C" NOT NULL,
    PRIMARY KEY (partition, launch_id, reason)
);
