-- The audit of what people decided about incidents.
CREATE INDEX resolution_listed ON resolution (project, decided_at DESC, incident_id DESC);
