-- What changed in a transaction as runs of changes that differ in nothing but their contact, in their order:
-- [step, occurrence, previous state, state, reason, attempts, [contact ids]].
ALTER TABLE untold ADD COLUMN changes json;
UPDATE untold SET changes = (
    SELECT coalesce(json_agg(json_build_array(c.step, c.occurrence, c.previous, c.state, c.reason, c.attempts,
                                              json_build_array(c.contact_id)) ORDER BY c.place), '[]')
    FROM unnest(contact_ids, steps, occurrences, previous, states, reasons, attempts) WITH ORDINALITY
         AS c (contact_id, step, occurrence, previous, state, reason, attempts, place)
);
ALTER TABLE untold
    ALTER COLUMN changes SET NOT NULL,
    DROP COLUMN contact_ids,
    DROP COLUMN steps,
    DROP COLUMN occurrences,
    DROP COLUMN previous,
    DROP COLUMN states,
    DROP COLUMN reasons,
    DROP COLUMN attempts;
