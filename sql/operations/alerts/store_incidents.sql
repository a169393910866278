-- Store what has changed: incidents.
INSERT INTO fame.alert_incidents BY NAME SELECT * FROM changed;
