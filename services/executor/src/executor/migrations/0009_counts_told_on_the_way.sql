-- Counts of steps are told by the transaction that moves instances, once a second; a job tells what is left at rest.
ALTER TABLE launch_share ADD COLUMN published_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE launch_share ALTER COLUMN published_at DROP DEFAULT;
COMMENT ON COLUMN launch_share.published_at IS 'When that was; before the first: when counting began.';
