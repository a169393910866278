-- What was held back, and why: now, or ever.
SELECT since, released_at, channel, incident_id, kind, why
FROM fame.alert_holds
WHERE $every OR released_at IS NULL
ORDER BY since DESC, channel, incident_id;
