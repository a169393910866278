-- The settings of alerts that are in force.
SELECT settings FROM fame.alert_settings
ORDER BY set_at DESC LIMIT 1;
