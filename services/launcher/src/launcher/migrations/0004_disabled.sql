-- Why launcher itself has paused a launch; null: it has not, or somebody has resumed it.
ALTER TABLE launch ADD COLUMN paused_because text;

-- The user was disabled and some of their launches still have to be paused.
ALTER TABLE project_user ADD COLUMN pausing boolean NOT NULL DEFAULT false;
CREATE INDEX project_user_pausing ON project_user (project, user_id) WHERE pausing;
