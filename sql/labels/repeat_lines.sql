-- Duplicates for templates with fewer than per_template distinct messages: events in turn, and the
-- lines of an event spread over its values, and ordered by a hash that spreads them over the period.
INSERT INTO chosen_lines
WITH
spent AS (
    SELECT
        template_id,
        count(*) AS lines
    FROM chosen_lines
    GROUP BY template_id
    HAVING count(*) < $$per_template
),
in_event AS (
    SELECT
        periods.log_id,
        periods.event_id,
        spent.template_id,
        spent.lines,
        row_number() OVER (
            PARTITION BY periods.event_id
            ORDER BY spread.nth NULLS LAST, md5(periods.log_id::VARCHAR), periods.log_id
        ) AS nth_of_event
    FROM fame.log_periods AS periods
    INNER JOIN fame.events AS events ON periods.event_id = events.event_id
    INNER JOIN spent ON events.template_id = spent.template_id
    LEFT JOIN spread_lines AS spread
        ON periods.log_id = spread.log_id AND spread.event_id IS NOT NULL
    WHERE
        periods.period <> 'later'
        AND periods.log_id NOT IN (SELECT log_id FROM chosen_lines)
        AND $eligible
    QUALIFY nth_of_event <= $$per_template
),
in_template AS (
    SELECT
        *,
        lines + row_number() OVER (PARTITION BY template_id ORDER BY nth_of_event, log_id) AS nth
    FROM in_event
)
SELECT log_id, event_id, template_id, nth
FROM in_template
WHERE nth <= $$per_template;
