-- Keys that share their first columns among all rows of a chunk have the contact id first: it decides comparisons.
-- Everything here is owned by partition: the task that holds partition number n is the only writer of rows of n,
-- except `launch` (insert only, by whoever reads LaunchOpened), `gate` and `work_order` (by the launch's home).

CREATE FUNCTION unpacked(packed text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN string_to_array(packed, chr(31));
COMMENT ON FUNCTION unpacked IS 'The other side of adapters/packed.py.';

CREATE TABLE launch (
    launch_id    text COLLATE "C" PRIMARY KEY,
    project      text COLLATE "C" NOT NULL,
    scenario     text COLLATE "C" NOT NULL,
    version      integer NOT NULL,
    definition   json NOT NULL,
    context      json NOT NULL,
    retry_of     text COLLATE "C",
    requested_at timestamptz NOT NULL,
    trace        text
);
COMMENT ON TABLE launch IS 'The immutable part of a launch, from LaunchOpened. definition: the whole scenario version.';
COMMENT ON COLUMN launch.trace IS 'The traceparent of what opened it: what timers do follows it.';
CREATE INDEX launch_of_scenario ON launch (project, scenario, requested_at);

CREATE TABLE gate (
    launch_id text COLLATE "C" PRIMARY KEY,
    project   text COLLATE "C" NOT NULL,
    state     text NOT NULL CHECK (state IN ('running', 'paused', 'stopped')),
    revision  bigint NOT NULL
);
COMMENT ON TABLE gate IS 'What the newest control record of a launch allows. No row: open. May come before the launch.';

CREATE TABLE work_order (
    partition smallint NOT NULL,
    launch_id text COLLATE "C" NOT NULL,
    project   text COLLATE "C" NOT NULL,
    kind      text NOT NULL CHECK (kind IN ('stop', 'resume')),
    revision  bigint NOT NULL,
    after     text COLLATE "C" NOT NULL DEFAULT '',
    trace     text,
    PRIMARY KEY (partition, launch_id)
);
COMMENT ON TABLE work_order IS 'What the owner of a partition still has to do to the open instances of a launch.';
COMMENT ON COLUMN work_order.after IS 'Done up to this contact id.';
COMMENT ON COLUMN work_order.trace IS 'The traceparent of what ordered it.';

CREATE TABLE launch_share (
    partition smallint NOT NULL,
    launch_id text COLLATE "C" NOT NULL,
    project   text COLLATE "C" NOT NULL,
    open      integer NOT NULL,
    entered   json NOT NULL,
    revision  bigint NOT NULL,
    published bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (launch_id, partition)
);
COMMENT ON TABLE launch_share IS 'Per launch and partition: instances that are open, and how many entered each step.';
COMMENT ON COLUMN launch_share.published IS 'Revision of the newest StepsCounted.';
CREATE INDEX launch_share_of_project ON launch_share (project, partition);
CREATE INDEX launch_share_open ON launch_share (partition, launch_id) WHERE open > 0;
CREATE INDEX launch_share_unpublished ON launch_share (partition, launch_id) WHERE published < revision;

CREATE TABLE process_instance (
    launch_id   text COLLATE "C" NOT NULL,
    contact_id  text COLLATE "C" NOT NULL,
    partition   smallint NOT NULL,
    project     text COLLATE "C" NOT NULL,
    version     integer NOT NULL,
    status      text NOT NULL,
    step        text NOT NULL,
    occurrences json,
    messages    text,
    revision    bigint NOT NULL,
    due_at      timestamptz,
    facts       json,
    started_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    outcome     text,
    reason      text,
    PRIMARY KEY (launch_id, contact_id)
) WITH (fillfactor = 48);
-- fillfactor: the version that an end writes finds room beside the first one, so no index is touched.
COMMENT ON TABLE process_instance IS
    'One run of a scenario version for one target. Never deleted while a topic that could repeat its target is kept.';
COMMENT ON COLUMN process_instance.occurrences IS 'Visits per repeatable step; null: none counted.';
COMMENT ON COLUMN process_instance.messages IS 'sent, or why the first message was skipped while all were; null: none yet.';
COMMENT ON COLUMN process_instance.revision IS 'Of the contact, as its target carried it.';
COMMENT ON COLUMN process_instance.facts IS 'The target''s contact data, kept only while a step ahead reads it.';
COMMENT ON COLUMN process_instance.reason IS 'Of the outcome; of an incident, what a person has to know.';
-- Few instances are due at once; everything else about an instance changes without touching an index.
CREATE INDEX process_instance_due ON process_instance (partition, due_at) WHERE due_at IS NOT NULL;

CREATE TABLE refused_target (
    launch_id  text COLLATE "C" NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    partition  smallint NOT NULL,
    project    text COLLATE "C" NOT NULL,
    reason     text NOT NULL,
    refused_at timestamptz NOT NULL,
    PRIMARY KEY (launch_id, contact_id)
);
COMMENT ON TABLE refused_target IS 'Targets that never start: without a row a repeated chunk could start them later.';

CREATE TABLE recurrence (
    project    text COLLATE "C" NOT NULL,
    scenario   text COLLATE "C" NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    launch_id  text COLLATE "C" NOT NULL,
    keep       boolean NOT NULL,
    PRIMARY KEY (contact_id, scenario, project)
);
COMMENT ON TABLE recurrence IS 'Who holds the one place of a contact in a scenario: the launch that started it last.';
COMMENT ON COLUMN recurrence.keep IS 'Stays when the instance ends (once), else goes with it (if_not_running).';

CREATE TABLE contact_state (
    project    text COLLATE "C" NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    partition  smallint NOT NULL,
    revision   bigint NOT NULL,
    contact    json,
    suppressed boolean NOT NULL,
    PRIMARY KEY (contact_id, project)
);
COMMENT ON TABLE contact_state IS 'The newest of each contact from contacts.changes; contact null: deleted.';

-- LATERAL … LIMIT 1 here and in queries: one probe of the primary key per row, whatever the planner believes.
CREATE VIEW standing AS
SELECT i.launch_id, i.contact_id, i.partition, i.status, i.step, i.occurrences, i.messages, i.due_at, i.started_at,
       i.revision, i.facts, c.revision AS newer, c.contact, c.suppressed
FROM process_instance i
LEFT JOIN LATERAL (
    SELECT s.revision, s.contact, s.suppressed FROM contact_state s
    WHERE i.facts IS NOT NULL AND s.project = i.project AND s.contact_id = i.contact_id AND s.revision > i.revision
    LIMIT 1
) AS c ON true;
COMMENT ON VIEW standing IS 'Instances, with newer contact data where a step ahead reads contact data at all.';

CREATE TABLE pending_update (
    update_id    text COLLATE "C" PRIMARY KEY,
    launch_id    text COLLATE "C" NOT NULL,
    contact_id   text COLLATE "C" NOT NULL,
    partition    smallint NOT NULL,
    project      text COLLATE "C" NOT NULL,
    requested_at timestamptz NOT NULL
);
COMMENT ON TABLE pending_update IS 'Updates that contacts has not answered yet; their instances are waiting_update.';

CREATE TABLE changes_read (
    partition  smallint PRIMARY KEY,
    written_at timestamptz NOT NULL
);
COMMENT ON TABLE changes_read IS 'contacts.changes has been read up to what contacts wrote at this time.';

CREATE TABLE incident (
    launch_id  text COLLATE "C" NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    partition  smallint NOT NULL,
    project    text COLLATE "C" NOT NULL,
    step       text NOT NULL,
    detail     text NOT NULL,
    opened_at  timestamptz NOT NULL,
    PRIMARY KEY (launch_id, contact_id)
);
COMMENT ON TABLE incident IS 'Open incidents: instances that cannot go on without a person.';
CREATE INDEX incident_of_project ON incident (project, launch_id, contact_id);
