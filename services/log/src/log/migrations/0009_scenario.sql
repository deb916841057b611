-- What of its scenario a launch is asked about: the names of its ends (NULL: not known), and whether it has waits.
ALTER TABLE launch ADD COLUMN ends text[] COLLATE "C", ADD COLUMN waits bool NOT NULL DEFAULT false;
