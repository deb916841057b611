-- Where each branch and split of its scenario leads, by step (NULL: not known): an arm that nobody has taken is one, too.
ALTER TABLE launch ADD COLUMN arms jsonb;
