-- The incidents that a line belongs to.
SELECT incidents.incident_id, incidents.state, incidents.severity, incidents.first_seen, incidents.last_seen
FROM fame.incident_events AS cells
INNER JOIN fame.incidents AS incidents ON cells.incident_id = incidents.incident_id
WHERE cells.event_id = $event_id
    AND incidents.service_name = coalesce($service_name, '')
    AND $log_time BETWEEN incidents.first_seen AND incidents.last_seen
ORDER BY incidents.first_seen;
