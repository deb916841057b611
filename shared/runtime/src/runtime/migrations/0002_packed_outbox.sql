-- The services have to be stopped while this runs: docs/decisions/0011-narrow-rows.md.
-- Values are kept compressed: they would be most of what is written per contact, and stay until vacuum has come by. The name
-- changes with what it means: code that does not know of it must not publish such a value.
ALTER TABLE outbox RENAME COLUMN value TO packed;
ALTER TABLE http_outbox RENAME COLUMN value TO packed;
COMMENT ON COLUMN outbox.packed IS 'The record''s value: a zstd frame, or as it is (then it does not begin like one).';
COMMENT ON COLUMN http_outbox.packed IS 'As in outbox.';
