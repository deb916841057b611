-- Behind row-level security the state of a send, an enum, is not looked up in an index: sends in an exceptional state are
-- found by what the index holds at all, in the order in which they are listed. Those that are held have one of their own.

DROP INDEX send_exceptional;
CREATE INDEX send_exceptional ON send (launch, contact_id, step, occurrence)
    WHERE state NOT IN ('planned', 'sending', 'accepted');
CREATE INDEX send_held ON send (partition, launch) WHERE state = 'held';
