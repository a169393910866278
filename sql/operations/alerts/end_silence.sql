-- End a silence before its time; it stays, with its author and reason.
UPDATE fame.alert_silences SET ends_at = $now
WHERE silence_id = $silence_id AND ends_at > $now;
