-- Forget messages that were done with before a time.
DELETE FROM fame.alert_deliveries
WHERE state <> 'pending' AND finished_at < $before;
