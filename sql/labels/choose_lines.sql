-- At most per_template lines of each template of the training period: first one line of each
-- event, then further messages of the same events, ordered by a hash of the message so that they
-- are spread over the period.
CREATE OR REPLACE TEMP TABLE chosen_lines AS
WITH
messages AS (
    SELECT
        periods.event_id,
        events.template_id,
        periods.body,
        arg_min(periods.log_id, (periods.log_time, periods.log_id)) AS log_id,
        min((periods.log_time, periods.log_id)) AS place
    FROM fame.log_periods AS periods
    INNER JOIN fame.events AS events ON periods.event_id = events.event_id
    WHERE periods.period <> 'later' AND events.template_id IS NOT NULL AND $eligible
    GROUP BY periods.event_id, events.template_id, periods.body
),
by_event AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY event_id ORDER BY place) = 1 AS is_first
    FROM messages
),
in_event AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY event_id ORDER BY is_first DESC, md5(body)) AS nth_of_event
    FROM by_event
),
in_template AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY template_id ORDER BY nth_of_event, place) AS nth
    FROM in_event
    WHERE nth_of_event <= $$per_event
)
SELECT log_id, event_id, template_id, nth
FROM in_template
WHERE nth <= $$per_template;
