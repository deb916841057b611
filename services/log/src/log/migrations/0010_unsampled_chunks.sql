-- ANALYZE would look at every contact id of every chunk anew after each launch, and no plan hangs on what is in them.
ALTER TABLE event_chunk ALTER COLUMN contact_ids SET STATISTICS 0, ALTER COLUMN said SET STATISTICS 0,
    ALTER COLUMN occurrences SET STATISTICS 0;
