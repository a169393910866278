-- The lines of an incident, with their verdicts. Of one that has count anomalies alone, the lines that
-- were counted. Lines in partitions are included.
CREATE OR REPLACE MACRO fame.incident_lines(wanted_incident_id) AS TABLE
WITH
__fame_incident AS (
    SELECT * FROM fame.stored_incidents WHERE incident_id = wanted_incident_id
),
__fame_counted AS (
    SELECT counts.*
    FROM fame.incident_counts AS counts
    INNER JOIN __fame_incident AS incident ON counts.incident_id = incident.incident_id
    WHERE incident.lines = 0
)
SELECT logs.*
FROM (SELECT fame.use_this_warehouse_first('$identity', "$current" := true) AS here) AS __fame_here
CROSS JOIN fame.all_scored_logs AS logs
INNER JOIN __fame_incident AS incident
    ON coalesce(logs.service_name, '') = incident.service_name
    AND coalesce(logs.timestamp, logs.observed_timestamp)
    BETWEEN incident.first_seen AND incident.last_seen
WHERE __fame_here.here AND (
    (
        logs.event_id IN (
            SELECT events.event_id
            FROM fame.incident_events AS events
            WHERE events.incident_id = wanted_incident_id
        )
        -- Where values decide, an event has lines of both kinds.
        AND (
            logs.is_anomaly
            OR logs.template_id IS NULL
            OR logs.template_id NOT IN (SELECT heads.template_id FROM fame.value_heads AS heads)
        )
    )
    OR EXISTS (
        SELECT 1
        FROM __fame_counted AS counts
        INNER JOIN fame.events AS events ON counts.template_id = events.template_id
        WHERE events.event_id = logs.event_id
            AND coalesce(logs.timestamp, logs.observed_timestamp) >= counts.window_start
            AND coalesce(logs.timestamp, logs.observed_timestamp) < counts.window_end
    )
)
ORDER BY coalesce(logs.timestamp, logs.observed_timestamp), logs.log_id;

-- What concentrates an incident: hosts, attributes and values in its messages whose share of its lines
-- is larger than their share of the other lines of the service, from a day before. The p-value is that
-- of Fisher's exact test, one-sided, times the number of values that were compared.
CREATE OR REPLACE MACRO fame.influencers(wanted_incident_id) AS TABLE
WITH
__fame_incident AS (
    SELECT * FROM fame.stored_incidents WHERE incident_id = wanted_incident_id
),
__fame_inside AS (
    SELECT lines.log_id FROM fame.incident_lines(wanted_incident_id) AS lines
),
__fame_lines AS (
    SELECT
        logs.log_id,
        logs.log_id IN (FROM __fame_inside) AS inside,
        logs.host_name,
        logs.attributes,
        logs.body,
        string_split_regex(coalesce(templates.template, events.canonical, ''), '[\s,;()\[\]{}"]+') AS words
    FROM (SELECT fame.use_this_warehouse_first('$identity', "$current" := true) AS here) AS __fame_here
    CROSS JOIN fame.all_logs AS logs
    INNER JOIN __fame_incident AS incident
        ON coalesce(logs.service_name, '') = incident.service_name
        AND coalesce(logs.timestamp, logs.observed_timestamp)
        BETWEEN incident.first_seen - INTERVAL 1 DAY AND incident.last_seen
    LEFT JOIN fame.events AS events ON logs.event_id = events.event_id
    LEFT JOIN fame.templates AS templates ON events.template_id = templates.template_id
    WHERE __fame_here.here
),
__fame_values AS (
    SELECT log_id, inside, 'host' AS field, host_name AS value
    FROM __fame_lines
    WHERE host_name IS NOT NULL
    UNION
    SELECT lines.log_id, lines.inside, 'attribute ' || entry.key, entry.value ->> '$'
    FROM __fame_lines AS lines, json_each(lines.attributes) AS entry
    WHERE lines.attributes IS NOT NULL
        AND entry.type IN ('VARCHAR', 'BOOLEAN', 'BIGINT', 'UBIGINT', 'DOUBLE')
    UNION
    SELECT log_id, inside, 'message', value
    FROM (
        SELECT
            log_id,
            inside,
            words,
            unnest(list_distinct(string_split_regex(body, '[\s,;()\[\]{}"]+'))) AS value
        FROM __fame_lines
    )
    WHERE value <> '' AND NOT list_contains(words, value)
),
__fame_counts AS (
    SELECT
        field,
        value,
        count(*) FILTER (WHERE inside) AS inside_lines,
        count(*) FILTER (WHERE NOT inside) AS outside_lines
    FROM __fame_values
    GROUP BY field, value
    HAVING count(*) FILTER (WHERE inside) >= 2
),
__fame_totals AS (
    SELECT
        count(*) FILTER (WHERE inside) AS inside,
        count(*) FILTER (WHERE NOT inside) AS outside
    FROM __fame_lines
),
__fame_tested AS (
    SELECT
        counts.*,
        totals.inside AS of_inside,
        totals.outside AS of_outside,
        count(*) OVER () AS compared,
        -- The probabilities of this many lines inside or more, at most 500 terms: they fall fast.
        list_sum(
            list_transform(
                range(
                    counts.inside_lines,
                    least(
                        counts.inside_lines + 500, totals.inside, counts.inside_lines + counts.outside_lines
                    ) + 1
                ),
                lambda k: exp(
                    lgamma(counts.inside_lines + counts.outside_lines + 1)
                    - lgamma(k + 1) - lgamma(counts.inside_lines + counts.outside_lines - k + 1)
                    + lgamma(totals.inside + totals.outside - counts.inside_lines - counts.outside_lines + 1)
                    - lgamma(totals.inside - k + 1)
                    - lgamma(totals.outside - counts.inside_lines - counts.outside_lines + k + 1)
                    - lgamma(totals.inside + totals.outside + 1)
                    + lgamma(totals.inside + 1) + lgamma(totals.outside + 1)
                )
            )
        ) AS tail
    FROM __fame_counts AS counts
    CROSS JOIN __fame_totals AS totals
    WHERE counts.inside_lines * totals.outside > counts.outside_lines * totals.inside
)
SELECT
    field,
    value,
    inside_lines,
    outside_lines,
    round(inside_lines / of_inside, 4) AS share_inside,
    round(outside_lines / nullif(of_outside, 0), 4) AS share_outside,
    least(1, tail * compared) AS p_value
FROM __fame_tested
WHERE least(1, tail * compared) < 0.01
ORDER BY p_value, inside_lines DESC, field, value;
