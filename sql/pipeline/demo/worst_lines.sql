-- The worst lines after the split, one for each event, so that a burst does not fill the list.
SELECT
    scored.score,
    scored.domain,
    scored.known_template,
    count(*) AS lines,
    arg_min(scored.timestamp, (periods.log_time, periods.log_id)) AS first_seen,
    arg_min(scored.service_name, (periods.log_time, periods.log_id)) AS service,
    arg_min(scored.body, (periods.log_time, periods.log_id)) AS message,
    coalesce(any_value(scored.template), any_value(events.canonical)) AS template
FROM fame.scored_logs AS scored
INNER JOIN fame.log_periods AS periods ON scored.log_id = periods.log_id
INNER JOIN fame.events AS events ON scored.event_id = events.event_id
WHERE periods.period = 'later' AND scored.is_anomaly
GROUP BY scored.event_id, scored.score, scored.domain, scored.known_template
ORDER BY scored.score DESC, lines DESC, scored.event_id
LIMIT $at_most;
