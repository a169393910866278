-- The lines of the calibration slice, and those of templates that do not occur before it.
SELECT
    count(*)::BIGINT AS lines,
    count(*) FILTER (WHERE earlier.template_id IS NULL)::BIGINT AS unseen
FROM fame.log_periods AS periods
INNER JOIN fame.events AS events ON periods.event_id = events.event_id
LEFT JOIN (
    SELECT DISTINCT known.template_id
    FROM fame.log_periods AS before
    INNER JOIN fame.events AS known ON before.event_id = known.event_id
    WHERE before.period = 'training' AND known.template_id IS NOT NULL
) AS earlier ON events.template_id = earlier.template_id
WHERE periods.period = 'calibration';
