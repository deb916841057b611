-- Tests and rehearsals: `recipient` is the address that all mails of a test go to.
ALTER TABLE launch
    ADD COLUMN mode      text NOT NULL DEFAULT 'live' CHECK (mode IN ('live', 'test', 'rehearsal')),
    ADD COLUMN recipient text;
