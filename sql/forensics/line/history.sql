-- How often messages of a template came, by day; lines that have expired count too.
SELECT
    daily.day,
    sum(daily.lines)::BIGINT AS lines,
    coalesce(sum(daily.lines) FILTER (WHERE daily.is_anomaly), 0)::BIGINT AS anomalous_lines
FROM fame.daily_verdicts AS daily
INNER JOIN fame.events AS events ON daily.event_id = events.event_id
WHERE coalesce(events.template_id, fame.provisional_id(events.canonical)) = $template_id
GROUP BY daily.day
ORDER BY daily.day;
