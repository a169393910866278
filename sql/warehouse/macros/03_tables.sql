-- All table functions read lines in partitions too.
-- How many lines have a stored verdict.
CREATE OR REPLACE MACRO fame.coverage() AS TABLE
SELECT
    count(*) AS lines,
    count(*) FILTER (WHERE scored_logs.score IS NOT NULL) AS scored,
    count(*) FILTER (WHERE scored_logs.score IS NULL) AS unscored,
    count(*) FILTER (WHERE scored_logs.parse_error IS NOT NULL) AS parse_errors,
    (SELECT any_value(model_version) FROM fame.champion) AS model_version
FROM (SELECT fame.use_this_warehouse_first('$identity', "$current" := true) AS here) AS __fame_here
CROSS JOIN fame.all_scored_logs AS scored_logs
WHERE __fame_here.here;

-- Anomalous lines with start <= timestamp < stop, the worst first.
CREATE OR REPLACE MACRO fame.anomalies_between(start, stop) AS TABLE
SELECT anomalies.*
FROM (SELECT fame.use_this_warehouse_first('$identity', "$current" := true) AS here) AS __fame_here
CROSS JOIN fame.anomalies AS anomalies
WHERE
    timestamp >= start::TIMESTAMP
    AND timestamp < stop::TIMESTAMP
    AND __fame_here.here
ORDER BY score DESC, timestamp, log_id;

-- Lines per template and time bucket, such as INTERVAL 1 HOUR.
CREATE OR REPLACE MACRO fame.template_counts(bucket) AS TABLE
SELECT
    time_bucket(bucket, logs.timestamp) AS bucket_start,
    events.template_id,
    any_value(templates.template) AS template,
    count(*) AS lines
FROM (SELECT fame.use_this_warehouse_first('$identity', "$current" := true) AS here) AS __fame_here
CROSS JOIN fame.all_logs AS logs
INNER JOIN fame.events AS events ON logs.event_id = events.event_id
LEFT JOIN fame.templates AS templates ON events.template_id = templates.template_id
WHERE __fame_here.here
GROUP BY ALL
ORDER BY bucket_start, lines DESC, events.template_id;

-- The values at a template's wildcards, by position in the line and value.
CREATE OR REPLACE MACRO fame.template_values(wanted_template_id) AS TABLE
WITH
__fame_words AS (
    SELECT
        string_split_regex(trim(logs.body), '\s+') AS words,
        string_split(templates.template, ' ') AS places
    FROM (SELECT fame.use_this_warehouse_first('$identity', "$current" := true) AS here) AS __fame_here
    CROSS JOIN fame.all_logs AS logs
    INNER JOIN fame.events AS events ON logs.event_id = events.event_id
    INNER JOIN fame.templates AS templates ON events.template_id = templates.template_id
    WHERE
        events.template_id = wanted_template_id
        AND __fame_here.here
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
