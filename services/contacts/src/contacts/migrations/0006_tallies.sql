-- How many contacts stand alike in all that a count of everybody or of groups looks at: such a count reads these rows
-- instead of the contacts. Kept by the database itself, so that no way of writing a contact can forget it.

CREATE TABLE contact_tally (
    project text COLLATE "C" NOT NULL,
    active boolean NOT NULL,
    suppressed boolean NOT NULL,
    addressed boolean NOT NULL,
    groups text[] COLLATE "C" NOT NULL,
    consent jsonb NOT NULL,
    contacts bigint NOT NULL,
    gathered boolean NOT NULL
);
COMMENT ON TABLE contact_tally IS 'the sum of contacts over rows that are alike is true; a single row is a difference';
COMMENT ON COLUMN contact_tally.addressed IS 'has an e-mail address';
COMMENT ON COLUMN contact_tally.gathered IS 'a sum that a job has made of the differences until then';
CREATE INDEX contact_tally_project ON contact_tally (project);
CREATE INDEX contact_tally_scattered ON contact_tally (project) WHERE NOT gathered;

CREATE FUNCTION tally_contacts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO contact_tally
        SELECT project, active, suppressed, email IS NOT NULL, groups, consent, count(*), false
        FROM now_there WHERE NOT deleted GROUP BY 1, 2, 3, 4, 5, 6;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO contact_tally
        SELECT project, active, suppressed, email IS NOT NULL, groups, consent, -count(*), false
        FROM was_there WHERE NOT deleted GROUP BY 1, 2, 3, 4, 5, 6;
    ELSE
        INSERT INTO contact_tally
        SELECT project, active, suppressed, addressed, groups, consent, sum(contacts), false
        FROM (
            SELECT project, active, suppressed, email IS NOT NULL AS addressed, groups, consent, 1 AS contacts
            FROM now_there WHERE NOT deleted
            UNION ALL
            SELECT project, active, suppressed, email IS NOT NULL, groups, consent, -1
            FROM was_there WHERE NOT deleted
        ) AS changed
        GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(contacts) <> 0;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER tally_inserted AFTER INSERT ON contact
    REFERENCING NEW TABLE AS now_there FOR EACH STATEMENT EXECUTE FUNCTION tally_contacts();
CREATE TRIGGER tally_updated AFTER UPDATE ON contact
    REFERENCING OLD TABLE AS was_there NEW TABLE AS now_there FOR EACH STATEMENT EXECUTE FUNCTION tally_contacts();
CREATE TRIGGER tally_deleted AFTER DELETE ON contact
    REFERENCING OLD TABLE AS was_there FOR EACH STATEMENT EXECUTE FUNCTION tally_contacts();

INSERT INTO contact_tally
SELECT project, active, suppressed, email IS NOT NULL, groups, consent, count(*), true
FROM contact WHERE NOT deleted GROUP BY 1, 2, 3, 4, 5, 6;
