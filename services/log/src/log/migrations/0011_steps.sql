-- More of its scenario that a launch is asked about: the names of all steps (NULL: not known), and of those that send.
ALTER TABLE launch ADD COLUMN steps text[] COLLATE "C", ADD COLUMN sends text[] COLLATE "C" NOT NULL DEFAULT '{}';
