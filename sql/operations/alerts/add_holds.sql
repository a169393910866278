-- Notices that are held back from now on.
INSERT INTO fame.alert_holds BY NAME SELECT * FROM changed;
