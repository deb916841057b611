-- Changes of state that the others have not been told yet: a row per transaction and launch, each told and deleted.
CREATE TABLE untold (
    partition   integer NOT NULL,
    place       bigint GENERATED ALWAYS AS IDENTITY,
    launch_id   text COLLATE "C" NOT NULL,
    contact_ids text[] NOT NULL,
    steps       text[] NOT NULL,
    occurrences integer[] NOT NULL,
    previous    text[] NOT NULL,
    states      text[] NOT NULL,
    reasons     text[] NOT NULL,
    attempts    integer[] NOT NULL,
    PRIMARY KEY (partition, place)
);
