-- What people decided about incidents is in the audit of every service from now on; what was decided before goes there, too.
LOCK TABLE resolution IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO audit_entry (project, at, subject, action, thing, details)
    SELECT project, decided_at, decided_by, CASE decision WHEN 'retry' THEN 'incident.retried' ELSE 'incident.failed' END,
           'launch/' || launch_id, jsonb_build_object('contact', contact_id, 'incident', incident_id)
    FROM resolution ORDER BY decided_at, incident_id;
DROP INDEX resolution_listed;
