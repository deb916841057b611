-- How far each partition is, and who owns it. One more row per number, topic 'clock': its idle jobs' compare-and-set.
CREATE TABLE stream_cursor (
    consumer    text   NOT NULL,
    topic       text   NOT NULL,
    partition   int    NOT NULL,
    next_offset bigint NOT NULL,
    epoch       bigint NOT NULL,
    owner       text   NOT NULL,
    topic_id    text   NOT NULL,
    PRIMARY KEY (consumer, partition, topic)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- What a lease has decided and Kafka has perhaps not seen yet. seq = epoch << 32 | n, the order of publication.
CREATE TABLE outbox (
    consumer        text        NOT NULL,
    lease_partition int         NOT NULL,
    seq             bigint      NOT NULL,
    topic           text        NOT NULL,
    partition       int         NOT NULL,
    key             bytea       NOT NULL,
    headers         text[]      NOT NULL,           -- name, value, name, value, …
    value           bytea       NOT NULL,
    tag             text,
    expand          text,
    at              timestamptz NOT NULL,
    PRIMARY KEY (consumer, lease_partition, seq)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
ALTER TABLE outbox ALTER COLUMN value SET STORAGE EXTERNAL;
CREATE INDEX outbox_tag ON outbox (consumer, tag) WHERE tag IS NOT NULL;

-- The same for HTTP requests, which own no partition: relayed by whoever comes first.
CREATE TABLE http_outbox (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic     text        NOT NULL,
    partition int         NOT NULL,
    key       bytea       NOT NULL,
    headers   text[]      NOT NULL,
    value     bytea       NOT NULL,
    tag       text,
    expand    text,
    at        timestamptz NOT NULL
);
ALTER TABLE http_outbox ALTER COLUMN value SET STORAGE EXTERNAL;
CREATE INDEX http_outbox_tag ON http_outbox (tag) WHERE tag IS NOT NULL;

-- Identity of the topics written to: a topic that was made again has another one.
CREATE TABLE topic_seen (
    consumer text NOT NULL,
    topic    text NOT NULL,
    topic_id text NOT NULL,
    PRIMARY KEY (consumer, topic)
);

-- Records that nobody can handle, with the reason. `id` is derived from where the record lay.
CREATE TABLE parked (
    id            text        NOT NULL PRIMARY KEY,
    consumer      text        NOT NULL,
    topic         text        NOT NULL,
    partition     int         NOT NULL,
    record_offset bigint      NOT NULL,
    record_time   bigint      NOT NULL,
    key           bytea,
    value         bytea,
    header_names  text[]      NOT NULL,
    header_values bytea[]     NOT NULL,
    reason        text        NOT NULL,
    state         text        NOT NULL DEFAULT 'parked' CHECK (state IN ('parked', 'replaying', 'replayed')),
    parked_at     timestamptz NOT NULL,
    replayed_at   timestamptz
);
ALTER TABLE parked ALTER COLUMN value SET STORAGE EXTERNAL;
CREATE INDEX parked_open ON parked (consumer, partition) WHERE state <> 'replayed';

-- How many partitions every topic of this platform has: fixed when the platform is made.
CREATE TABLE platform (
    only_row   bool NOT NULL PRIMARY KEY DEFAULT true CHECK (only_row),
    partitions int  NOT NULL
);
