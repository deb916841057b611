-- messaging's holds: `held` is the reason of the newest, `hold` its number; in force while that is above `lifted`.
ALTER TABLE launch
    ADD COLUMN hold   int NOT NULL DEFAULT 0,
    ADD COLUMN lifted int NOT NULL DEFAULT 0;
