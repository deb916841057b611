-- Until statistics know of a new launch the planner takes it that nothing is planned, and then any index of planned sends
-- seems as good as any other. This one can only be taken by a query that says the condition in the same odd way.
CREATE INDEX send_planned_of_contact ON send (contact_id) WHERE (state = 'planned')::integer = 1;
DROP INDEX send_planned_contact;
