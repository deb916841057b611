-- The default of id is for what code that does not know the column opens.
ALTER TABLE incident
    ADD COLUMN id text COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text UNIQUE,
    ADD COLUMN retriable boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN incident.id IS 'Of this opening: should the instance fail to go on once more, that is another one.';
COMMENT ON COLUMN incident.retriable IS 'Nothing of the step has been done, so it may be tried again.';

CREATE TABLE resolution (
    incident_id    text COLLATE "C" PRIMARY KEY,
    launch_id      text COLLATE "C" NOT NULL,
    contact_id     text COLLATE "C" NOT NULL,
    partition      smallint NOT NULL,
    project        text COLLATE "C" NOT NULL,
    decision       text NOT NULL CHECK (decision IN ('retry', 'fail')),
    decided_by     text NOT NULL,
    decided_at     timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    carried_out_at timestamptz
);
COMMENT ON TABLE resolution IS
    'What a person decided about an incident: written by a request, carried out by the owner of the partition, kept.';
CREATE INDEX resolution_to_do ON resolution (partition, decided_at) WHERE carried_out_at IS NULL;
