-- Who did what to which thing: of every service, in one shape.
CREATE TABLE audit_entry (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project text COLLATE "C" NOT NULL,
    at      timestamptz NOT NULL,
    subject text        NOT NULL,
    action  text        NOT NULL,
    thing   text        NOT NULL,
    details jsonb       NOT NULL
);
COMMENT ON COLUMN audit_entry.project IS 'Empty: of a record whose project nobody knows.';
CREATE INDEX audit_entry_listed ON audit_entry (project, at DESC, id DESC);
CREATE INDEX audit_entry_of_thing ON audit_entry (project, thing, at DESC, id DESC);
