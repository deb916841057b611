-- Trials that have not ended: nobody publishes their figures, so they are asked for.
CREATE INDEX launch_trial_open ON launch (requested_at) WHERE mode <> 'live' AND ended_at IS NULL;
