-- Store what has changed: what channels were told.
INSERT INTO fame.alert_told BY NAME SELECT * FROM changed;
