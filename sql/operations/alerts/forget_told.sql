-- Forget what channels were told of incidents that are forgotten.
DELETE FROM fame.alert_told
WHERE incident_id NOT IN (SELECT incident_id FROM fame.alert_incidents);
