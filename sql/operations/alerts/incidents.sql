-- The incidents that alerts follow.
SELECT incident, phase, opened_at, ended_at, worst, worsened_at, corrected_at, quiet_until
FROM fame.alert_incidents
ORDER BY opened_at, incident_id;
