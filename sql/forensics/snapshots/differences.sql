-- How the lines that only this warehouse has differ from those of another, the greatest first.
-- An event has the template that this warehouse knows of it, so that a later mining is no difference.
WITH
here AS (
    SELECT * FROM this_lines
),
there AS (
    SELECT * FROM other_lines
),
added AS (
    SELECT here.* REPLACE (greatest(here.lines - coalesce(there.lines, 0), 0) AS lines)
    FROM here
    LEFT JOIN there ON here.load = there.load AND here.event_hash = there.event_hash
),
known AS (
    SELECT event_hash, any_value(template_id) AS template_id, any_value(template) AS template
    FROM here
    GROUP BY event_hash
),
sides AS (
    SELECT template_id, template, 0 AS lines_a, lines AS lines_b, log_id
    FROM added
    WHERE lines > 0
    UNION ALL
    SELECT
        coalesce(known.template_id, there.template_id),
        coalesce(known.template, there.template),
        there.lines,
        0,
        NULL
    FROM there
    LEFT JOIN known ON there.event_hash = known.event_hash
),
counted AS (
    SELECT
        template_id,
        any_value(template) AS template,
        sum(lines_a)::BIGINT AS count_a,
        sum(lines_b)::BIGINT AS count_b,
        max(log_id) AS log_id
    FROM sides
    GROUP BY template_id
),
summed AS (
    SELECT *, sum(count_a) OVER () AS total_a, sum(count_b) OVER () AS total_b FROM counted
),
tested AS (
    SELECT
        *,
        CASE
            WHEN total_a = 0 OR total_b = 0 THEN 0
            ELSE fame.g_statistic(count_a, total_a, count_b, total_b)
        END AS g
    FROM summed
),
ranked AS (
    SELECT
        *,
        fame.g_p_value(g) * count(*) OVER () / row_number() OVER (ORDER BY g DESC, template_id) AS p_of_rank
    FROM tested
)
SELECT
    CASE
        WHEN count_a = 0 THEN 'new'
        WHEN count_b = 0 THEN 'gone'
        WHEN count_b / total_b > count_a / total_a THEN 'more'
        WHEN count_b / total_b < count_a / total_a THEN 'fewer'
        ELSE 'same'
    END AS change,
    count_a,
    count_b,
    round(100.0 * count_a / nullif(total_a, 0), 3) AS percent_a,
    round(100.0 * count_b / nullif(total_b, 0), 3) AS percent_b,
    least(1, min(p_of_rank) OVER (
        ORDER BY g, template_id DESC ROWS UNBOUNDED PRECEDING
    )) AS p_adjusted,
    template_id,
    '' AS service_name,
    template,
    log_id
FROM ranked
ORDER BY g DESC, template_id;
