-- How many launches may be asked for in the project in an hour; null: as many as each who asks may.
ALTER TABLE project ADD COLUMN launches_per_hour int;
CREATE INDEX launch_asked ON launch (project, requested_by, drafted_at DESC);
