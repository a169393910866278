-- The count anomalies of an incident.
SELECT anomaly, template, min(window_start) AS first_seen, sum(lines)::BIGINT AS lines, sum(expected) AS expected
FROM fame.incident_counts
WHERE incident_id = $incident_id
GROUP BY anomaly, template
ORDER BY first_seen, template, anomaly
LIMIT 8;
