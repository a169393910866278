-- How often each template has lines on two sides: two periods, or two services, hosts, sources or traces
-- of one period. The test is that of the count anomalies; the p-values are corrected for the number of
-- templates by Benjamini and Hochberg's procedure.
WITH
lines AS (
    SELECT
        logs.event_id,
        CASE $by
            WHEN 'time' THEN coalesce(logs.timestamp, logs.observed_timestamp) >= $start_a::TIMESTAMP
                AND coalesce(logs.timestamp, logs.observed_timestamp) < $stop_a::TIMESTAMP
            WHEN 'service' THEN logs.service_name = $a
            WHEN 'host' THEN logs.host_name = $a
            WHEN 'trace' THEN logs.trace_id = $a
            ELSE logs.source_path = $a
        END AS is_a,
        CASE $by
            WHEN 'time' THEN coalesce(logs.timestamp, logs.observed_timestamp) >= $start_b::TIMESTAMP
                AND coalesce(logs.timestamp, logs.observed_timestamp) < $stop_b::TIMESTAMP
            WHEN 'service' THEN logs.service_name = $b
            WHEN 'host' THEN logs.host_name = $b
            WHEN 'trace' THEN logs.trace_id = $b
            ELSE logs.source_path = $b
        END AS is_b,
        coalesce(logs.timestamp, logs.observed_timestamp) AS log_time,
        logs.log_id
    FROM fame.all_logs AS logs
),
counted AS (
    SELECT
        coalesce(events.template_id, fame.provisional_id(events.canonical)) AS template_id,
        coalesce(
            any_value(templates.template), fame.provisional_template(any_value(events.canonical))
        ) AS template,
        count(*) FILTER (WHERE lines.is_a) AS count_a,
        count(*) FILTER (WHERE lines.is_b) AS count_b,
        coalesce(
            arg_min(lines.log_id, (lines.log_time, lines.log_id)) FILTER (WHERE lines.is_b),
            arg_min(lines.log_id, (lines.log_time, lines.log_id))
        ) AS log_id
    FROM lines
    INNER JOIN fame.events AS events ON lines.event_id = events.event_id
    LEFT JOIN fame.templates AS templates ON events.template_id = templates.template_id
    WHERE lines.is_a OR lines.is_b
    GROUP BY coalesce(events.template_id, fame.provisional_id(events.canonical))
),
tested AS (
    SELECT
        *,
        count_a / nullif(sum(count_a) OVER (), 0) AS share_a,
        count_b / nullif(sum(count_b) OVER (), 0) AS share_b,
        CASE
            WHEN sum(count_a) OVER () > 0 AND sum(count_b) OVER () > 0
                THEN fame.g_p_value(
                    fame.g_statistic(count_a, sum(count_a) OVER (), count_b, sum(count_b) OVER ())
                )
        END AS p_value
    FROM counted
),
ranked AS (
    SELECT
        *,
        count(*) OVER () AS tests,
        row_number() OVER (ORDER BY p_value, template_id) AS position
    FROM tested
)
SELECT
    CASE
        WHEN count_a = 0 THEN 'new'
        WHEN count_b = 0 THEN 'gone'
        WHEN share_b > share_a THEN 'more'
        WHEN share_b < share_a THEN 'fewer'
        ELSE 'same'
    END AS change,
    count_a,
    count_b,
    share_a,
    share_b,
    least(1, min(p_value * tests / position) OVER (
        ORDER BY position DESC ROWS UNBOUNDED PRECEDING
    )) AS p_adjusted,
    template_id,
    template,
    log_id
FROM ranked
ORDER BY p_adjusted NULLS LAST, abs(coalesce(share_b, 0) - coalesce(share_a, 0)) DESC, template_id;
