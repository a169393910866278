-- Settings that are in force from now on.
INSERT INTO fame.alert_settings (settings, author, set_at)
VALUES (?, ?, ?);
