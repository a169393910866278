-- Forget what was released before a time.
DELETE FROM fame.alert_holds
WHERE released_at < $before;
