-- Store what has changed: how channels are doing.
INSERT INTO fame.alert_channels BY NAME SELECT * FROM changed;
