-- The incidents whose identifier begins so; one that became part of another stands for that.
SELECT DISTINCT coalesce(merged_into, incident_id) AS incident_id
FROM fame.stored_incidents
WHERE starts_with(incident_id, $name)
ORDER BY incident_id
LIMIT 5;
