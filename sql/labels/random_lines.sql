-- Labelled lines of the training period, ordered by a seeded hash.
SELECT periods.log_id
FROM fame.log_periods AS periods
INNER JOIN fame.events AS events ON periods.event_id = events.event_id
WHERE periods.period <> 'later' AND events.template_id IS NOT NULL AND periods.label IS NOT NULL
ORDER BY md5(concat($seed, ' ', periods.log_id))
LIMIT $lines;
