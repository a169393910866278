-- Forget incidents that ended before a time, and of which nothing is left to say.
DELETE FROM fame.alert_incidents
WHERE
    ended_at < $before
    AND incident_id NOT IN (
        SELECT incident_id FROM fame.alert_told WHERE what IN ('opened', 'owed')
    );
