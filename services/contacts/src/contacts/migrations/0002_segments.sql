-- Launches on a condition, drafts that are checked again, and whom a lifted consent reached.

ALTER TABLE launch DROP CONSTRAINT launch_kind_check;
ALTER TABLE launch ADD CONSTRAINT launch_kind_check CHECK (kind IN ('all', 'groups', 'contacts', 'segment'));
ALTER TABLE launch
    ADD COLUMN condition text,
    ADD COLUMN check_round integer NOT NULL DEFAULT 1,
    ADD COLUMN launched_by text NOT NULL DEFAULT '',
    ADD COLUMN overridden bigint[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN launch.condition IS 'of kind segment: CEL over contact';
COMMENT ON COLUMN launch.check_round IS 'the round of the draft that is to be checked, or was';
COMMENT ON COLUMN launch.overridden IS 'admitted without consent: contacts, then contacts per message type sent';
