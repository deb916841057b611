CREATE TABLE contact_order (
    order_id   text COLLATE "C" PRIMARY KEY,
    partition  smallint NOT NULL,
    launch_id  text COLLATE "C" NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    project    text COLLATE "C" NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('remove', 'advance')),
    ordered_by text NOT NULL,
    ordered_at timestamptz NOT NULL,
    trace      text,
    tried_at   timestamptz,
    done_at    timestamptz,
    result     text
);
COMMENT ON TABLE contact_order IS
    'What people ordered for one contact of a launch: written where the launch is at home, carried out by the owner of the contact''s partition, kept.';
COMMENT ON COLUMN contact_order.tried_at IS 'When its owner last found that the contact may still become a target.';
COMMENT ON COLUMN contact_order.result IS 'Null: not carried out yet.';
CREATE INDEX contact_order_to_do ON contact_order (partition, tried_at) WHERE result IS NULL;
CREATE INDEX contact_order_of_launch ON contact_order (launch_id, partition, contact_id);

CREATE TABLE targeting_finished (
    launch_id text COLLATE "C" NOT NULL,
    partition smallint NOT NULL,
    project   text COLLATE "C" NOT NULL,
    read_at   timestamptz NOT NULL,
    PRIMARY KEY (launch_id, partition)
);
COMMENT ON TABLE targeting_finished IS 'Partitions whose targets of a launch have all been read; one that has no targets may have no row.';
