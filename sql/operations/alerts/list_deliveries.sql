-- Messages of alerts, the newest first: those that wait or failed, or every one.
SELECT
    deliveries.created_at,
    deliveries.channel,
    deliveries.state,
    deliveries.attempts,
    if(deliveries.state = 'pending', greatest(deliveries.next_try, channels.next_try), NULL)
        AS next_try,
    json_array_length(deliveries.items) AS incidents,
    coalesce(
        nullif(deliveries.title, ''), json_extract_string(deliveries.items, '$[0].incident.summary')
    ) AS about,
    coalesce(nullif(deliveries.reason, ''), deliveries.degraded) AS reason,
    deliveries.delivery_id
FROM fame.alert_deliveries AS deliveries
LEFT JOIN fame.alert_channels AS channels ON deliveries.channel = channels.channel
WHERE $every OR deliveries.state NOT IN ('delivered', 'overtaken')
ORDER BY deliveries.created_at DESC, deliveries.delivery_id;
