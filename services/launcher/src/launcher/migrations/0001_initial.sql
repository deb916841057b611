-- Tenants.
CREATE TABLE project (
    project    text COLLATE "C" PRIMARY KEY,
    zone       text        NOT NULL,
    revision   bigint      NOT NULL,
    created_at timestamptz NOT NULL
);

-- Programs: the bearer secret is hashed, the signing secret sealed; neither can be shown again.
CREATE TABLE access_key (
    key_id        text COLLATE "C" PRIMARY KEY,
    project       text COLLATE "C" NOT NULL REFERENCES project,
    name          text        NOT NULL,
    grants        text[]      NOT NULL,
    secret_hash   bytea       NOT NULL,
    sealed_secret text        NOT NULL,
    revoked       boolean     NOT NULL DEFAULT false,
    revision      bigint      NOT NULL,
    created_by    text        NOT NULL,
    created_at    timestamptz NOT NULL
);
CREATE INDEX access_key_listed ON access_key (project, created_at);

-- People. `restriction` is CEL over `contact`: whom scenarios that this user created may send to.
CREATE TABLE project_user (
    project     text COLLATE "C" NOT NULL REFERENCES project,
    user_id     text COLLATE "C" NOT NULL,
    token_id    text COLLATE "C" NOT NULL UNIQUE,
    secret_hash bytea       NOT NULL,
    grants      text[]      NOT NULL,
    restriction text,
    disabled    boolean     NOT NULL DEFAULT false,
    revision    bigint      NOT NULL,
    created_by  text        NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (project, user_id)
);

-- `creator` first pushed the key: their reach decides who is sent to.
CREATE TABLE scenario (
    project        text COLLATE "C" NOT NULL REFERENCES project,
    key            text COLLATE "C" NOT NULL,
    name           text        NOT NULL,
    creator        text        NOT NULL,
    state          text        NOT NULL CHECK (state IN ('inactive', 'active', 'archived')),
    active_version int,
    newest_version int         NOT NULL,
    revision       bigint      NOT NULL,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (project, key),
    CHECK ((state = 'active') = (active_version IS NOT NULL))
);

-- Never changed. `source` is the file as it was pushed, `digest` that of the canonical body.
CREATE TABLE scenario_version (
    project   text COLLATE "C" NOT NULL,
    scenario  text COLLATE "C" NOT NULL,
    version   int         NOT NULL,
    body      json        NOT NULL,
    source    text        NOT NULL,
    digest    bytea       NOT NULL,
    pushed_by text        NOT NULL,
    pushed_at timestamptz NOT NULL,
    PRIMARY KEY (project, scenario, version),
    FOREIGN KEY (project, scenario) REFERENCES scenario
);

-- A request for a launch, refused ones too. `revision` is that of the newest control record, drawn under the row's
-- lock; `figures` is the newest record of log.launches. version null: refused before there was one.
CREATE TABLE launch (
    launch_id           text COLLATE "C" PRIMARY KEY,
    project             text COLLATE "C" NOT NULL REFERENCES project,
    scenario            text COLLATE "C" NOT NULL,
    version             int,
    creator             text,
    zone                text        NOT NULL,
    state               text        NOT NULL,
    revision            bigint      NOT NULL DEFAULT 0,
    participants        jsonb       NOT NULL,
    participants_chunks int         NOT NULL,
    selected            int,
    options             jsonb       NOT NULL,
    context             jsonb       NOT NULL,
    requested_by        text        NOT NULL,
    command             jsonb,
    points              jsonb       NOT NULL,
    targeted_expected   bigint,
    drafted_at          timestamptz NOT NULL,
    requested_at        timestamptz,
    ended_at            timestamptz,
    figures             jsonb,
    figures_revision    bigint      NOT NULL DEFAULT 0
);
CREATE INDEX launch_listed ON launch (project, drafted_at DESC, launch_id DESC);
CREATE INDEX launch_open ON launch (project, scenario) WHERE ended_at IS NULL;

-- What a CRM has asked, kept for 30 days: the same id and data get the same answer, other data `conflict`.
-- answer null: contacts is still checking the launch.
CREATE TABLE command (
    project     text COLLATE "C" NOT NULL REFERENCES project,
    source      text COLLATE "C" NOT NULL,
    command_id  text COLLATE "C" NOT NULL,
    type        text        NOT NULL,
    digest      bytea       NOT NULL,
    answer      jsonb,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (project, source, command_id)
);
CREATE INDEX command_age ON command (received_at);

-- The same for HTTP: `Idempotency-Key`. The answer is sealed, for it may hold secrets that are shown once.
CREATE TABLE http_request (
    project         text COLLATE "C" NOT NULL,
    subject         text COLLATE "C" NOT NULL,
    idempotency_key text COLLATE "C" NOT NULL,
    digest          bytea       NOT NULL,
    status          int         NOT NULL,
    sealed_answer   text        NOT NULL,
    received_at     timestamptz NOT NULL,
    PRIMARY KEY (project, subject, idempotency_key)
);
CREATE INDEX http_request_age ON http_request (received_at);

-- Who did what to which thing.
CREATE TABLE audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project  text COLLATE "C" NOT NULL,
    at       timestamptz NOT NULL,
    subject  text        NOT NULL,
    action   text        NOT NULL,
    thing    text        NOT NULL,
    details  jsonb       NOT NULL
);
CREATE INDEX audit_listed ON audit (project, audit_id DESC);
