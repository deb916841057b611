-- Conditions that people have given a name, to choose from when they launch.

CREATE TABLE segment (
    project text COLLATE "C",
    segment text COLLATE "C",
    condition text NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (project, segment)
);
COMMENT ON COLUMN segment.condition IS 'CEL over contact';
