-- Remove the former rows of what has changed: what channels were told.
DELETE FROM fame.alert_told
WHERE (channel, incident_id) IN (SELECT (channel, incident_id) FROM changed);
