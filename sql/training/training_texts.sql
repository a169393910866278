SELECT DISTINCT events.canonical
FROM fame.log_periods AS periods
INNER JOIN fame.events AS events ON periods.event_id = events.event_id
WHERE periods.period <> 'later'
ORDER BY events.canonical;
