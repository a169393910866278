-- Messages that wait, and those written since a time.
SELECT
    delivery_id, channel, unit, signature, items, title, created_at, next_try, state, attempts,
    unknowns, finished_at, reason, degraded, memo
FROM fame.alert_deliveries
WHERE state = 'pending' OR created_at >= ?
ORDER BY created_at, delivery_id;
