-- Launches whose participants are a result set that is not read to its end (`launch.collected`).
CREATE INDEX launch_collecting ON launch (drafted_at) WHERE state = 'draft' AND collected @> '{"done": false}';
