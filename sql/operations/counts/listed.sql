-- Anomalies of counts in a time range, windows of a series that overlap or follow each other as one
-- row, with the counts of its worst window; the worst first.
WITH found AS (
    SELECT * FROM $relation WHERE window_end > $since AND window_start < $until
),
cut AS (
    SELECT
        *,
        coalesce(window_start > max(window_end) OVER (
            PARTITION BY service_name, template_id, kind
            ORDER BY window_end ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), true) AS begins
    FROM found
),
numbered AS (
    SELECT
        *,
        sum(begins::INTEGER) OVER (
            PARTITION BY service_name, template_id, kind ORDER BY window_end ROWS UNBOUNDED PRECEDING
        ) AS run
    FROM cut
)
SELECT
    service_name,
    kind,
    min(window_start) AS first_window,
    max(window_end) AS last_window,
    arg_max(lines, (g, window_end)) AS lines,
    arg_max(expected, (g, window_end)) AS expected,
    arg_max(service_lines, (g, window_end)) AS service_lines,
    max(g) AS g,
    arg_max(p_value, (g, window_end)) AS p_value,
    min(p_adjusted) AS p_adjusted,
    count(*) AS windows,
    template_id,
    any_value(template) AS template
FROM numbered
GROUP BY service_name, template_id, kind, run
ORDER BY g DESC, service_name, template_id, first_window
LIMIT $top;
