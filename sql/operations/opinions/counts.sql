-- The count anomalies of an incident.
SELECT template, anomaly, window_start, window_end, lines, expected
FROM fame.incident_counts
WHERE incident_id = $incident_id
ORDER BY g DESC NULLS LAST, window_start, template, anomaly, window_end
LIMIT 20;
