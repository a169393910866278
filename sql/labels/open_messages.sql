-- The distinct messages of each event that could be labelled, each by its first line.
CREATE OR REPLACE TEMP TABLE open_messages AS
SELECT
    *,
    row_number() OVER (PARTITION BY event_id ORDER BY place) = 1 AS is_first
FROM (
    SELECT
        periods.event_id,
        events.template_id,
        md5(periods.body) AS drawn,
        arg_min(periods.log_id, (periods.log_time, periods.log_id)) AS log_id,
        min({'log_time': periods.log_time, 'log_id': periods.log_id}) AS place
    FROM fame.log_periods AS periods
    INNER JOIN fame.events AS events ON periods.event_id = events.event_id
    WHERE periods.period <> 'later' AND events.template_id IS NOT NULL AND $eligible
    GROUP BY periods.event_id, events.template_id, periods.body
);
