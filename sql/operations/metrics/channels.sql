SELECT
    channels.channel,
    channels.delivered::DOUBLE AS fame_alerts_delivered,
    channels.failures::DOUBLE AS fame_alert_failures,
    count(deliveries.delivery_id)::DOUBLE AS fame_alerts_waiting
FROM fame.alert_channels AS channels
LEFT JOIN fame.alert_deliveries AS deliveries
    ON channels.channel = deliveries.channel AND deliveries.state = 'pending'
GROUP BY channels.channel, channels.delivered, channels.failures
ORDER BY channels.channel;
