-- The audit lies where every service has it. The name of before stays for code that knows it by that.
LOCK TABLE audit;
INSERT INTO audit_entry (project, at, subject, action, thing, details)
    SELECT project, at, subject, action, thing, details FROM audit ORDER BY audit_id;
DROP TABLE audit;
CREATE VIEW audit WITH (security_invoker = true) AS
    SELECT id AS audit_id, project, at, subject, action, thing, details FROM audit_entry;
