-- All table functions read lines in partitions too.
-- How many lines have a stored verdict.
CREATE OR REPLACE MACRO fame.coverage() AS TABLE
SELECT
    count(*) AS lines,
    count(*) FILTER (WHERE scored_logs.score IS NOT NULL) AS scored,
    count(*) FILTER (WHERE scored_logs.score IS NULL) AS unscored,
    count(*) FILTER (WHERE scored_logs.parse_error IS NOT NULL) AS parse_errors,
    (SELECT any_value(model_version) FROM fame.champion) AS model_version
FROM fame.all_scored_logs AS scored_logs
WHERE fame.use_this_warehouse_first('$identity', "$current" := true);

-- Anomalous lines with start <= timestamp < stop, the worst first.
CREATE OR REPLACE MACRO fame.anomalies_between(start, stop) AS TABLE
SELECT * FROM fame.anomalies
WHERE
    timestamp >= start::TIMESTAMP
    AND timestamp < stop::TIMESTAMP
    AND fame.use_this_warehouse_first('$identity', "$current" := true)
ORDER BY score DESC, timestamp, log_id;

-- Lines per template and time bucket, such as INTERVAL 1 HOUR.
CREATE OR REPLACE MACRO fame.template_counts(bucket) AS TABLE
SELECT
    time_bucket(bucket, logs.timestamp) AS bucket_start,
    events.template_id,
    any_value(templates.template) AS template,
    count(*) AS lines
FROM fame.all_logs AS logs
INNER JOIN fame.events AS events ON logs.event_id = events.event_id
LEFT JOIN fame.templates AS templates ON events.template_id = templates.template_id
WHERE fame.use_this_warehouse_first('$identity', "$current" := true)
GROUP BY ALL
ORDER BY bucket_start, lines DESC, events.template_id;

-- How the share of each template in the lines of its service differs between two ranges of time, the
-- greatest difference first, after Kusto's diffpatterns. g is the statistic of a G-test of the two
-- shares, as for count anomalies; without sessions to compare, lines in bursts look larger than they are.
CREATE OR REPLACE MACRO fame.diff_patterns(start_a, stop_a, start_b, stop_b) AS TABLE
WITH
__fame_counted AS (
    SELECT
        coalesce(logs.service_name, '') AS service_name,
        events.template_id,
        any_value(coalesce(templates.template, events.canonical)) AS template,
        count(*) FILTER (
            WHERE logs.timestamp >= start_a::TIMESTAMP AND logs.timestamp < stop_a::TIMESTAMP
        ) AS count_a,
        count(*) FILTER (
            WHERE logs.timestamp >= start_b::TIMESTAMP AND logs.timestamp < stop_b::TIMESTAMP
        ) AS count_b
    FROM fame.all_logs AS logs
    INNER JOIN fame.events AS events ON logs.event_id = events.event_id
    LEFT JOIN fame.templates AS templates ON events.template_id = templates.template_id
    WHERE fame.use_this_warehouse_first('$identity', "$current" := true)
    GROUP BY
        coalesce(logs.service_name, ''),
        events.template_id,
        CASE WHEN events.template_id IS NULL THEN events.event_id END
),
__fame_summed AS (
    SELECT
        *,
        sum(count_a) OVER (PARTITION BY service_name) AS total_a,
        sum(count_b) OVER (PARTITION BY service_name) AS total_b
    FROM __fame_counted
    WHERE count_a > 0 OR count_b > 0
)
SELECT
    service_name,
    template_id,
    template,
    count_a,
    count_b,
    round(100.0 * count_a / nullif(total_a, 0), 3) AS percent_a,
    round(100.0 * count_b / nullif(total_b, 0), 3) AS percent_b,
    round(100.0 * count_b / nullif(total_b, 0) - 100.0 * count_a / nullif(total_a, 0), 3)
        AS percent_diff,
    CASE
        WHEN total_a = 0 OR total_b = 0 THEN 0
        ELSE round(
            abs(2 * (
                CASE
                    WHEN count_a = 0 THEN 0
                    ELSE count_a * ln(
                        count_a / nullif(total_a, 0)
                        / nullif((count_a + count_b) / nullif(total_a + total_b, 0), 0)
                    )
                END
                + CASE
                    WHEN count_b = 0 THEN 0
                    ELSE count_b * ln(
                        count_b / nullif(total_b, 0)
                        / nullif((count_a + count_b) / nullif(total_a + total_b, 0), 0)
                    )
                END
            )),
            3
        )
    END AS g
FROM __fame_summed
ORDER BY g DESC, abs(percent_diff) DESC, service_name, template_id;

-- The values at a template's wildcards, by position in the line and value.
CREATE OR REPLACE MACRO fame.template_values(wanted_template_id) AS TABLE
WITH
__fame_words AS (
    SELECT
        string_split_regex(trim(logs.body), '\s+') AS words,
        string_split(templates.template, ' ') AS places
    FROM fame.all_logs AS logs
    INNER JOIN fame.events AS events ON logs.event_id = events.event_id
    INNER JOIN fame.templates AS templates ON events.template_id = templates.template_id
    WHERE
        events.template_id = wanted_template_id
        AND fame.use_this_warehouse_first('$identity', "$current" := true)
),
__fame_placed AS (
    SELECT
        unnest(range(1, len(places) + 1)) AS place,
        unnest(places) AS wildcard,
        unnest(list_resize(words, len(places))) AS value
    FROM __fame_words
)
SELECT place, wildcard, value, count(*) AS lines
FROM __fame_placed
WHERE wildcard LIKE '%<%>%'
GROUP BY place, wildcard, value
ORDER BY place, lines DESC, value;
