-- What a contact (by an unsubscribe link) or a provider told us and contacts has not repeated yet: it holds here until
-- then. kind: `suppressed`, or `consent:<message type>`. event_id: the cause that contacts' answer will name.
CREATE TABLE local_block (
    project    text COLLATE "C" NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    kind       text COLLATE "C" NOT NULL,
    event_id   text COLLATE "C" NOT NULL,
    PRIMARY KEY (project, contact_id, kind)
);

-- What providers said became of accepted messages, until the message's own partition has taken it in.
CREATE TABLE report (
    id         text COLLATE "C" PRIMARY KEY,
    partition  integer NOT NULL,
    launch_id  text COLLATE "C" NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    step       text COLLATE "C" NOT NULL,
    occurrence integer NOT NULL,
    act        text COLLATE "C" NOT NULL CHECK (act IN ('deliver', 'bounce', 'complain')),
    recipient  text,
    reason     text COLLATE "C"
);
CREATE INDEX report_partition ON report (partition);
