-- Events of the training period without a template, in the order of first appearance.
SELECT
    periods.event_id,
    any_value(events.canonical) AS canonical
FROM fame.log_periods AS periods
INNER JOIN fame.events AS events ON periods.event_id = events.event_id
WHERE periods.period <> 'later' AND events.template_id IS NULL
GROUP BY periods.event_id
ORDER BY min((periods.log_time, periods.log_id));
