-- Tests and rehearsals are counted like any launch, and told on neither of the public topics.
ALTER TABLE launch ADD COLUMN mode text NOT NULL DEFAULT 'live' CHECK (mode IN ('live', 'test', 'rehearsal'));
