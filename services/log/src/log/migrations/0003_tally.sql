-- What the partitions count for a launch: names and figures that add up over the partitions (`log.domain.tally`). A row is
-- written by its partition's lease alone, so that partitions do not wait for each other at the launch's row.
CREATE TABLE tally (
    launch    bigint           NOT NULL,
    partition smallint         NOT NULL,
    name      text COLLATE "C" NOT NULL,
    count     bigint           NOT NULL,
    PRIMARY KEY (launch, partition, name)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

INSERT INTO tally (launch, partition, name, count)
SELECT number, home, name, count FROM launch,
    LATERAL (
        VALUES ('chunked', chunked), ('begun', begun), ('outcome:success', success), ('outcome:failure', failure),
               ('outcome:abandon', abandon), ('outcome:other', other)
        UNION ALL SELECT 'reason:' || key, value::bigint FROM jsonb_each_text(by_reason)
        UNION ALL SELECT 'delivery:' || key, value::bigint FROM jsonb_each_text(deliveries)
    ) AS counted (name, count)
WHERE count <> 0;

-- Whether the home has to look after the launch: until its end is told, and again when something is counted later.
DROP INDEX launch_live;
ALTER TABLE launch DROP COLUMN live;
ALTER TABLE launch ADD COLUMN live bool NOT NULL DEFAULT true;
UPDATE launch SET live = false WHERE announced AND published_revision = revision;
CREATE INDEX launch_live ON launch (home) WHERE live;
CREATE INDEX launch_rested ON launch (home, ended_at) WHERE NOT live;

ALTER TABLE launch
    DROP COLUMN chunked, DROP COLUMN begun, DROP COLUMN success, DROP COLUMN failure, DROP COLUMN abandon,
    DROP COLUMN other, DROP COLUMN by_reason, DROP COLUMN deliveries, DROP COLUMN changed_at;
COMMENT ON COLUMN launch.revision IS 'Without the changes that partitions counted: figures carry both together.';
