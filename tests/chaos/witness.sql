-- What an observer at the database notes in the transactions of others: who moved a cursor, when gates turned, steps were
-- asked for and mails came to the dot. Triggers only: no service knows of it. `place` follows the order of the locks.
CREATE SCHEMA IF NOT EXISTS witness;
CREATE SEQUENCE IF NOT EXISTS witness.place;

CREATE TABLE IF NOT EXISTS witness.cursor_moved (
    place bigint DEFAULT nextval('witness.place'), at timestamptz DEFAULT clock_timestamp(),
    topic text, partition int, next_offset bigint, epoch bigint, owner text, who text
);
CREATE TABLE IF NOT EXISTS witness.gate_turned (
    place bigint DEFAULT nextval('witness.place'), at timestamptz DEFAULT clock_timestamp(), launch_id text, state text
);
CREATE TABLE IF NOT EXISTS witness.steps_asked (
    place bigint DEFAULT nextval('witness.place'), at timestamptz DEFAULT clock_timestamp(), launch_id text
);
CREATE TABLE IF NOT EXISTS witness.dotted (
    place bigint DEFAULT nextval('witness.place'), at timestamptz DEFAULT clock_timestamp(),
    launch_id text, contact_id text, step text, occurrence int
);

CREATE OR REPLACE FUNCTION witness.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'stream_cursor' THEN
            INSERT INTO witness.cursor_moved (topic, partition, next_offset, epoch, owner, who) VALUES
                (NEW.topic, NEW.partition, NEW.next_offset, NEW.epoch, NEW.owner, current_setting('application_name'));
        WHEN 'gate' THEN
            INSERT INTO witness.gate_turned (launch_id, state) VALUES (NEW.launch_id, NEW.state);
        WHEN 'outbox' THEN
            INSERT INTO witness.steps_asked (launch_id) VALUES (convert_from(NEW.key, 'UTF8'));
        WHEN 'send' THEN
            INSERT INTO witness.dotted (launch_id, contact_id, step, occurrence) VALUES
                ((SELECT launch_id FROM launch WHERE number = NEW.launch), NEW.contact_id, NEW.step, NEW.occurrence);
    END CASE;
    RETURN NULL;
END $$;

DO $$
BEGIN
    CREATE OR REPLACE TRIGGER witness AFTER UPDATE ON stream_cursor FOR EACH ROW EXECUTE FUNCTION witness.note();
    IF current_database() = 'executor' THEN
        CREATE OR REPLACE TRIGGER witness AFTER INSERT ON outbox FOR EACH ROW
            WHEN (NEW.topic IN ('executor.sends', 'executor.updates')) EXECUTE FUNCTION witness.note();
    END IF;
    IF current_database() IN ('executor', 'messaging') THEN
        CREATE OR REPLACE TRIGGER witness AFTER INSERT OR UPDATE ON gate FOR EACH ROW EXECUTE FUNCTION witness.note();
    END IF;
    IF current_database() = 'messaging' THEN
        CREATE OR REPLACE TRIGGER witness AFTER UPDATE ON send FOR EACH ROW
            WHEN (NEW.state = 'sending' AND OLD.state <> 'sending') EXECUTE FUNCTION witness.note();
    END IF;
END $$;
