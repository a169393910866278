-- A new silence.
INSERT INTO fame.alert_silences (silence_id, match, starts_at, ends_at, author, reason, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?);
