-- At most per_template lines of each template of the training period: first one line of each
-- event, then further messages of the same events; with value heads, both spread over the values.
CREATE OR REPLACE TEMP TABLE chosen_lines AS
WITH
in_event AS (
    SELECT
        messages.*,
        of_template.nth AS nth_by_values,
        row_number() OVER (
            PARTITION BY messages.event_id
            ORDER BY messages.is_first DESC, of_event.nth NULLS LAST, messages.drawn
        ) AS nth_of_event
    FROM open_messages AS messages
    LEFT JOIN spread_lines AS of_event
        ON messages.log_id = of_event.log_id AND of_event.event_id IS NOT NULL
    LEFT JOIN spread_lines AS of_template
        ON messages.log_id = of_template.log_id AND of_template.event_id IS NULL
),
in_template AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY template_id ORDER BY nth_of_event, nth_by_values NULLS LAST, place
        ) AS nth
    FROM in_event
    WHERE nth_of_event <= $per_event
)
SELECT log_id, event_id, template_id, nth
FROM in_template
WHERE nth <= $per_template;
