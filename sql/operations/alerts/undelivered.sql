-- Channels with messages that wait or were refused, the longest first.
SELECT
    deliveries.channel,
    count(*) FILTER (WHERE deliveries.state = 'pending') AS waiting,
    count(*) FILTER (WHERE deliveries.state = 'refused') AS refused,
    count(*) FILTER (WHERE deliveries.state = 'unknown') AS unknown,
    min(deliveries.created_at) AS oldest,
    max_by(deliveries.reason, (deliveries.created_at, deliveries.reason)) AS reason,
    any_value(channels.reason) AS channel_reason
FROM fame.alert_deliveries AS deliveries
LEFT JOIN fame.alert_channels AS channels ON deliveries.channel = channels.channel
WHERE
    (deliveries.state = 'pending' AND deliveries.attempts > 0)
    OR (
        deliveries.state IN ('refused', 'unknown')
        AND deliveries.finished_at > $since
    )
GROUP BY deliveries.channel
ORDER BY oldest, deliveries.channel;
