-- What is held back now.
SELECT channel, incident_id, phase, kind, held_by, why, since, until
FROM fame.alert_holds
WHERE released_at IS NULL;
