-- Since fame-sql 0.1.0.
-- The end of the quiet time during which an incident opened.
ALTER TABLE fame.alert_incidents ADD COLUMN quiet_until TIMESTAMP;
