-- Tests and rehearsals: nothing is changed or waited for, so what an update would have set is kept here alone.
ALTER TABLE launch ADD COLUMN mode text NOT NULL DEFAULT 'live' CHECK (mode IN ('live', 'test', 'rehearsal'));
ALTER TABLE cohort ADD COLUMN overlay json;
COMMENT ON COLUMN cohort.overlay IS 'Attributes that updates of a trial would have set; null: none, or a live launch.';
