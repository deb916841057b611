-- messaging's holds (LaunchHeld): the newest one known here, and the newest one that a person has lifted by a resume.
ALTER TABLE launch
    ADD COLUMN hold   int NOT NULL DEFAULT 0,
    ADD COLUMN lifted int NOT NULL DEFAULT 0;
