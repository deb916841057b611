-- What was counted when a launch was approved: figures, and what each message reaches. NULL: it was not, or before this.
ALTER TABLE launch ADD COLUMN recounted jsonb;
