-- Store what has changed: messages.
INSERT INTO fame.alert_deliveries BY NAME SELECT * FROM changed;
