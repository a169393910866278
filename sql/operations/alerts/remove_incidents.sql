-- Remove the former rows of what has changed: incidents.
DELETE FROM fame.alert_incidents WHERE incident_id IN (SELECT incident_id FROM changed);
