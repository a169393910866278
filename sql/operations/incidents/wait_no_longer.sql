DELETE FROM fame.incident_waiting
WHERE event_id IN (SELECT event_id FROM fame.verdicts);
