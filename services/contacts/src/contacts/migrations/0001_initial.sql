-- Replicas of launcher.projects: the highest revision wins.

CREATE TABLE project (
    project text COLLATE "C" PRIMARY KEY,
    revision bigint NOT NULL,
    zone text NOT NULL
);

CREATE TABLE signing_key (
    key_id text COLLATE "C" PRIMARY KEY,
    project text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    grants text[] NOT NULL,
    revoked boolean NOT NULL,
    sealed_secret text NOT NULL
);

CREATE TABLE project_user (
    project text COLLATE "C",
    user_id text COLLATE "C",
    revision bigint NOT NULL,
    disabled boolean NOT NULL,
    restriction text,
    PRIMARY KEY (project, user_id)
);

-- Contacts. A row outlives the deletion of its contact (then `deleted`, and nothing but the id is left in it),
-- because the revision must go on rising. Revision 0 is a row that a writer has only locked so far.

CREATE TABLE contact (
    project text COLLATE "C",
    contact_id text COLLATE "C",
    partition smallint NOT NULL,
    revision bigint NOT NULL DEFAULT 0,
    deleted boolean NOT NULL DEFAULT true,
    email text,
    address_hash bytea,
    phone text,
    zone text,
    active boolean NOT NULL DEFAULT true,
    groups text[] COLLATE "C" NOT NULL DEFAULT '{}',
    consent jsonb NOT NULL DEFAULT '{}',
    attributes jsonb NOT NULL DEFAULT '{}',
    suppressed boolean NOT NULL DEFAULT false,
    size integer NOT NULL DEFAULT 0,
    PRIMARY KEY (project, contact_id)
) WITH (fillfactor = 85);
COMMENT ON COLUMN contact.address_hash IS 'keyed hash of the e-mail address: what suppressions are matched by';
COMMENT ON COLUMN contact.groups IS 'the same as its rows in membership, which is there to walk a group';
COMMENT ON COLUMN contact.size IS 'bytes of the contact as JSON: bounds the memory of a page';
CREATE INDEX contact_address ON contact (project, address_hash) WHERE address_hash IS NOT NULL;

CREATE TABLE contact_group (
    project text COLLATE "C",
    group_id text COLLATE "C",
    PRIMARY KEY (project, group_id)
);

CREATE TABLE membership (
    project text COLLATE "C",
    group_id text COLLATE "C",
    contact_id text COLLATE "C",
    PRIMARY KEY (project, group_id, contact_id)
);

-- Survives the deletion of contacts: an address is then known by its keyed hash only.

CREATE TABLE suppression (
    project text COLLATE "C",
    kind text CHECK (kind IN ('address', 'contact')),
    value text COLLATE "C",
    shown text,
    reason text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (project, kind, value)
);
COMMENT ON COLUMN suppression.value IS 'the contact id, or the keyed hash of the address in hexadecimal';

-- What was answered: the same again gets the same answer, something else under the same id is a conflict.

CREATE TABLE command_answer (
    project text COLLATE "C",
    source text COLLATE "C",
    command_id text COLLATE "C",
    data_hash bytea NOT NULL,
    refusal json,
    at timestamptz NOT NULL,
    PRIMARY KEY (project, source, command_id)
);
COMMENT ON COLUMN command_answer.refusal IS 'the command.rejected that was written; null: the command was carried out';
CREATE INDEX command_answer_at ON command_answer (at);

CREATE TABLE applied_update (
    update_id text COLLATE "C" PRIMARY KEY,
    project text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX applied_update_at ON applied_update (at);

-- Launches: what was drafted, and the walk over the audience.

CREATE SEQUENCE walk_turn;

CREATE TABLE launch (
    launch_id text COLLATE "C" PRIMARY KEY,
    project text COLLATE "C" NOT NULL,
    home smallint NOT NULL,
    version json NOT NULL,
    kind text NOT NULL CHECK (kind IN ('all', 'groups', 'contacts')),
    groups text[] COLLATE "C" NOT NULL,
    lists integer NOT NULL,
    options json NOT NULL,
    context json NOT NULL,
    drafted_at timestamptz,
    checked boolean NOT NULL DEFAULT false,
    requested_at timestamptz,
    retry_of text,
    trace text,
    turn bigint,
    cursor text COLLATE "C" NOT NULL DEFAULT '',
    page integer NOT NULL DEFAULT 0,
    opened smallint[] NOT NULL DEFAULT '{}',
    admitted bigint NOT NULL DEFAULT 0,
    excluded bigint NOT NULL DEFAULT 0,
    finished_at timestamptz
);
COMMENT ON COLUMN launch.lists IS 'how many participant_list rows belong to it';
COMMENT ON COLUMN launch.turn IS 'set while the walk has something to do: the lowest is next';
COMMENT ON COLUMN launch.cursor IS 'last contact id that was paged';
COMMENT ON COLUMN launch.trace IS 'traceparent of the record that brought it: the walk goes on with that trace';
CREATE INDEX launch_turn ON launch (home, turn) WHERE turn IS NOT NULL;
CREATE INDEX launch_drafted ON launch (drafted_at) WHERE requested_at IS NULL;
CREATE INDEX launch_unchecked ON launch (home) WHERE drafted_at IS NOT NULL AND NOT checked;

CREATE TABLE participant_list (
    launch_id text COLLATE "C",
    index integer,
    project text COLLATE "C" NOT NULL,
    PRIMARY KEY (launch_id, index)
);

CREATE TABLE participant (
    launch_id text COLLATE "C",
    contact_id text COLLATE "C",
    project text COLLATE "C" NOT NULL,
    partition smallint NOT NULL,
    PRIMARY KEY (launch_id, contact_id)
);
COMMENT ON TABLE participant IS 'selected contacts, until they were paged';

CREATE TABLE gate (
    launch_id text COLLATE "C" PRIMARY KEY,
    project text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    state text NOT NULL
);

CREATE TABLE target_chunk (
    launch_id text COLLATE "C",
    page integer,
    partition smallint,
    event_id text COLLATE "C",
    project text COLLATE "C" NOT NULL,
    contact_ids text[] COLLATE "C" NOT NULL,
    reasons text[],
    PRIMARY KEY (launch_id, page, partition, event_id)
);
COMMENT ON TABLE target_chunk IS 'every chunk that was emitted: the ledger';
ALTER TABLE target_chunk ALTER COLUMN contact_ids SET STORAGE EXTERNAL;
