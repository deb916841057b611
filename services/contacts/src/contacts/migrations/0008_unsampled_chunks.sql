-- ANALYZE would look at every contact id of every chunk anew after each launch, and no statement asks what is in them.
ALTER TABLE target_chunk ALTER COLUMN contact_ids SET STATISTICS 0, ALTER COLUMN reasons SET STATISTICS 0;
