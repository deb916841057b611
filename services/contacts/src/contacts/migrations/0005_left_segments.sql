-- The revision of a name goes on rising after it was deleted: who has seen an earlier one changes nothing by mistake.

ALTER TABLE segment ADD COLUMN deleted boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN segment.deleted IS 'only the revision is kept';
