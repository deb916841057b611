-- Whom a launch is for is kept as long as somebody may still approve it, however long launcher lets it wait.

ALTER TABLE launch ADD COLUMN undecided_until timestamptz;
COMMENT ON COLUMN launch.undecided_until IS 'null: 30 days from drafted_at at most';
