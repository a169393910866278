-- Silences that have not ended before a time.
SELECT silence_id, match, starts_at, ends_at, author, reason
FROM fame.alert_silences
WHERE ends_at >= ?
ORDER BY created_at;
