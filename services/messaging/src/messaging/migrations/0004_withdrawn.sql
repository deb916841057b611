-- Contacts who were taken out of a launch: what is not handed over yet, also what is only found later, is cancelled.
CREATE TABLE withdrawn (
    launch_id  text COLLATE "C" NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    project    text COLLATE "C" NOT NULL,
    reason     text COLLATE "C" NOT NULL,
    PRIMARY KEY (launch_id, contact_id)
);
