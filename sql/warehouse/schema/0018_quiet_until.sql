-- Since fame-sql 0.1.0.
-- Until when nobody could be told of an incident, since it opened during a quiet time.
ALTER TABLE fame.alert_incidents ADD COLUMN quiet_until TIMESTAMP;
