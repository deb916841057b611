CREATE TYPE outcome_kind AS ENUM ('success', 'failure', 'abandon', 'other');

-- One row per launch: what was told about it and its figures, which change only under this row's lock. The row may be
-- there before the launch is known (records come in any order). `number` stands for the launch in the large tables.
CREATE TABLE launch (
    launch_id          text COLLATE "C" PRIMARY KEY,
    number             bigint   NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,
    project            text     NOT NULL,
    home               int      NOT NULL,              -- partition number of the launch
    trace              text,                           -- traceparent of what told of it first: its figures follow it

    scenario           text,                           -- of LaunchRequested, or LaunchOpened if that came first
    version            int,
    requested_at       timestamptz,
    retry_of           text COLLATE "C",
    requested_by       text,                           -- of LaunchRequested: NULL until it was read
    command_id         text,
    command_source     text,

    control            text     NOT NULL DEFAULT 'running',
    control_revision   bigint   NOT NULL DEFAULT 0,
    held               text,
    opened             bool     NOT NULL DEFAULT false,
    total              bigint,                         -- NULL: targeting is open
    failed             text,

    chunked            bigint   NOT NULL DEFAULT 0,
    begun              bigint   NOT NULL DEFAULT 0,
    success            bigint   NOT NULL DEFAULT 0,
    failure            bigint   NOT NULL DEFAULT 0,
    abandon            bigint   NOT NULL DEFAULT 0,
    other              bigint   NOT NULL DEFAULT 0,
    by_reason          jsonb    NOT NULL DEFAULT '{}',
    deliveries         jsonb    NOT NULL DEFAULT '{}',

    final              text CHECK (final IN ('completed', 'stopped', 'failed')),
    ended_at           timestamptz,
    revision           bigint   NOT NULL DEFAULT 0,
    changed_at         timestamptz,

    published_revision bigint   NOT NULL DEFAULT 0,
    published_at       timestamptz,
    announced          bool     NOT NULL DEFAULT false, -- the end was published
    seen_revision      bigint   NOT NULL DEFAULT 0,    -- highest read back from log.launches
    live               bool     NOT NULL GENERATED ALWAYS AS (final IS NULL OR published_revision < revision) STORED
) WITH (fillfactor = 40, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX launch_live ON launch (home) WHERE live;

-- The outcome of each target: written once, never changed.
CREATE TABLE outcome (
    launch     bigint           NOT NULL,
    started_at timestamptz,
    ended_at   timestamptz      NOT NULL,
    outcome    outcome_kind     NOT NULL,
    partition  smallint         NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    reason     text COLLATE "C" NOT NULL,
    project    text COLLATE "C" NOT NULL,
    PRIMARY KEY (launch, contact_id)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.5);

-- Chunks as they came, once each: the targets behind in_progress, and the entries of timelines.
CREATE TABLE event_chunk (
    launch      bigint             NOT NULL,
    at          timestamptz        NOT NULL,
    partition   smallint           NOT NULL,
    kind        text COLLATE "C"   NOT NULL,           -- admitted, started, message, incident, resolved
    event_id    text COLLATE "C"   NOT NULL,
    project     text COLLATE "C"   NOT NULL,
    step        text COLLATE "C",
    contact_ids text[] COLLATE "C" NOT NULL,
    said        text[] COLLATE "C" NOT NULL,           -- one entry per contact, or one for all, or none
    occurrences int[]              NOT NULL,           -- likewise; none: all 1
    PRIMARY KEY (launch, partition, event_id)
);

-- Outcomes whose launch was not described here yet: their records wait for the partition's LaunchOpened.
CREATE TABLE undescribed (
    launch    bigint           NOT NULL,
    partition smallint         NOT NULL,
    event_id  text COLLATE "C" NOT NULL,
    project   text COLLATE "C" NOT NULL,
    ended_at  timestamptz      NOT NULL,
    groups    jsonb            NOT NULL,
    PRIMARY KEY (launch, partition, event_id)
);

-- How many instances of a partition entered each step; the highest revision counts.
CREATE TABLE steps_counted (
    launch    bigint           NOT NULL,
    partition smallint         NOT NULL,
    project   text COLLATE "C" NOT NULL,
    revision  bigint           NOT NULL,
    entered   jsonb            NOT NULL,
    PRIMARY KEY (launch, partition)
) WITH (fillfactor = 50);

-- Targets that cannot go on without a person.
CREATE TABLE incident (
    launch     bigint           NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    project    text COLLATE "C" NOT NULL,
    opened_at  timestamptz      NOT NULL,
    said       text             NOT NULL,
    PRIMARY KEY (launch, contact_id)
);
