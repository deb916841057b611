-- What people decided about a launch as a whole: entries of every target's timeline, and the time it was paused.
CREATE TABLE control_event (
    launch   integer          NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    what     text COLLATE "C" NOT NULL,                -- requested, approved, consent_overridden, paused, resumed, stopped
    project  text COLLATE "C" NOT NULL,
    at       timestamptz      NOT NULL,
    detail   jsonb            NOT NULL,
    PRIMARY KEY (launch, event_id, what)
);
