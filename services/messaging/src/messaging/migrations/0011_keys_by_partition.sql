-- The service has to be stopped while this runs: docs/decisions/0017-keys-by-partition.md.
-- The key of a send has the partition before the contact: sends of one partition lie together.
ALTER TABLE send DROP CONSTRAINT send_pkey, ADD PRIMARY KEY (launch, partition, contact_id, step, occurrence);
