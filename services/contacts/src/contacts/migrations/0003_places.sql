-- Who has a place in which scenario, as executor tells it: for counts only, executor decides itself.

CREATE TABLE place_chunk (
    launch_id text COLLATE "C",
    event_id text COLLATE "C",
    project text COLLATE "C" NOT NULL,
    scenario text COLLATE "C" NOT NULL,
    ended boolean NOT NULL,
    keeps boolean NOT NULL,
    contact_ids text[] COLLATE "C" NOT NULL,
    PRIMARY KEY (launch_id, event_id)
);
COMMENT ON TABLE place_chunk IS 'one row per record of started or ended targets, of scenarios that do not always start';
COMMENT ON COLUMN place_chunk.keeps IS 'the place stays taken after the end';
CREATE INDEX place_chunk_scenario ON place_chunk (project, scenario);
