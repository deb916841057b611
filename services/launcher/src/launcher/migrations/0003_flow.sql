-- The whole way of a launch: what kind it is, who has to say yes, what was confirmed, who approved, and why it was rejected.
-- `asked` is the request as it was given: a draft is judged again from it. `collected`: how far a result set was read.
ALTER TABLE launch
    ADD COLUMN mode         text NOT NULL DEFAULT 'live' CHECK (mode IN ('live', 'test', 'rehearsal')),
    ADD COLUMN kind         text NOT NULL DEFAULT 'launch'
        CHECK (kind IN ('launch', 'single', 'retry', 'relaunch', 'test', 'rehearsal')),
    ADD COLUMN flow         text NOT NULL DEFAULT 'direct' CHECK (flow IN ('direct', 'crm', 'person')),
    ADD COLUMN retry_of     text COLLATE "C",
    ADD COLUMN relaunch_of  text COLLATE "C",
    ADD COLUMN check_round  int  NOT NULL DEFAULT 1,
    ADD COLUMN asked        jsonb,
    ADD COLUMN summary      jsonb,
    ADD COLUMN confirmed_by text,
    ADD COLUMN confirmed_at timestamptz,
    ADD COLUMN approved_by  text,
    ADD COLUMN approved_at  timestamptz,
    ADD COLUMN rejected     text CHECK (rejected IN ('points', 'declined', 'cancelled', 'approval_expired')),
    ADD COLUMN collected    jsonb;
CREATE INDEX launch_undecided ON launch (drafted_at)
    WHERE state IN ('draft', 'validating', 'awaiting_confirmation', 'awaiting_approval');

-- Above so many targets somebody else than who asked or confirmed has to approve; null: never.
ALTER TABLE project ADD COLUMN second_approver_above bigint;

-- How many launches the key may ask for in an hour; null: as many as the installation allows every one.
ALTER TABLE access_key ADD COLUMN launches_per_hour int;

-- Which channels messaging can send on.
CREATE TABLE channel (
    channel    text COLLATE "C" PRIMARY KEY,
    revision   bigint  NOT NULL,
    configured boolean NOT NULL
);
