SELECT changed_at, transition, severity, lines, counts, silenced
FROM fame.incident_changes
WHERE incident_id = $incident_id
ORDER BY number;
