SELECT
    channels.channel,
    channels.delivered::DOUBLE AS fame_alerts_delivered,
    channels.failures::DOUBLE AS fame_alert_failures,
    count(deliveries.delivery_id) FILTER (WHERE deliveries.state = 'pending')::DOUBLE
        AS fame_alerts_waiting,
    count(deliveries.delivery_id) FILTER (WHERE deliveries.degraded <> '')::DOUBLE
        AS fame_alerts_degraded
FROM fame.alert_channels AS channels
LEFT JOIN fame.alert_deliveries AS deliveries ON channels.channel = deliveries.channel
GROUP BY channels.channel, channels.delivered, channels.failures
ORDER BY channels.channel;
