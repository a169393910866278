SELECT * FROM fame.incidents WHERE incident_id = $incident_id;
