CREATE OR REPLACE TEMP TABLE new_counts AS
SELECT * EXCLUDE (incident_id) FROM fame.incident_counts LIMIT 0;
