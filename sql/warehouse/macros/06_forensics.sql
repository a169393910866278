-- What an investigator asks. Lines in partitions are included. An event that no template knows counts
-- with its provisional template, so that messages that differ in a number are one row.

-- Templates whose first line ever lies in a range of time: what is new.
CREATE OR REPLACE MACRO fame.first_seen(start, stop) AS TABLE
WITH
__fame_keyed AS (
    SELECT
        event_id,
        coalesce(template_id, fame.provisional_id(canonical)) AS template_id,
        first_seen
    FROM fame.events
),
__fame_new AS (
    SELECT keyed.event_id, keyed.template_id, fresh.first_seen
    FROM __fame_keyed AS keyed
    INNER JOIN (
        SELECT template_id, min(first_seen) AS first_seen
        FROM __fame_keyed
        GROUP BY template_id
        HAVING min(first_seen) >= start::TIMESTAMP AND min(first_seen) < stop::TIMESTAMP
    ) AS fresh ON keyed.template_id = fresh.template_id
)
SELECT
    new.template_id,
    coalesce(
        any_value(templates.template), fame.provisional_template(any_value(events.canonical))
    ) AS template,
    any_value(new.first_seen) AS first_seen,
    max(logs.timestamp) AS last_seen,
    arg_min(logs.log_id, (logs.timestamp, logs.log_id)) AS log_id,
    arg_min(logs.service_name, (logs.timestamp, logs.log_id)) AS service_name,
    count(*) AS lines,
    count(DISTINCT logs.host_name) AS hosts,
    count(*) FILTER (WHERE logs.is_anomaly) AS anomalous_lines,
    max(logs.score) AS worst_score,
    arg_min(logs.body, (logs.timestamp, logs.log_id)) AS example
FROM (SELECT fame.use_this_warehouse_first('$identity', "$current" := true) AS here) AS __fame_here
CROSS JOIN fame.all_scored_logs AS logs
INNER JOIN __fame_new AS new ON logs.event_id = new.event_id
INNER JOIN fame.events AS events ON new.event_id = events.event_id
LEFT JOIN fame.templates AS templates ON new.template_id = templates.template_id
WHERE logs.timestamp >= start::TIMESTAMP AND logs.timestamp < stop::TIMESTAMP AND __fame_here.here
GROUP BY new.template_id
ORDER BY first_seen, log_id;

-- A line and the nearest ones of its trace, its service and its host, as many each way; of a line
-- that has none of the three, the nearest ones of its source.
CREATE OR REPLACE MACRO fame.neighbours(wanted_log_id, each_way := 5) AS TABLE
WITH
__fame_line AS (
    SELECT
        log_id,
        coalesce(timestamp, observed_timestamp) AS log_time,
        trace_id,
        service_name,
        host_name,
        CASE WHEN coalesce(trace_id, service_name, host_name) IS NULL THEN source_path END AS source_path
    FROM (SELECT fame.use_this_warehouse_first('$identity', "$current" := true) AS here) AS __fame_here
    CROSS JOIN fame.all_logs
    WHERE log_id = wanted_log_id AND __fame_here.here
),
__fame_related AS (
    SELECT
        logs.log_id,
        (coalesce(logs.timestamp, logs.observed_timestamp), logs.log_id) AS place,
        (coalesce(logs.timestamp, logs.observed_timestamp), logs.log_id)
        < (line.log_time, line.log_id) AS is_before,
        coalesce(logs.trace_id = line.trace_id, false) AS same_trace,
        coalesce(logs.service_name = line.service_name, false) AS same_service,
        coalesce(logs.host_name = line.host_name, false) AS same_host,
        coalesce(logs.source_path = line.source_path, false) AS same_source
    FROM __fame_line AS line
    CROSS JOIN fame.all_logs AS logs
    WHERE logs.log_id <> line.log_id AND (
        logs.trace_id = line.trace_id
        OR logs.service_name = line.service_name
        OR logs.host_name = line.host_name
        OR logs.source_path = line.source_path
    )
),
__fame_nearest AS (
    SELECT unnest([
        {
            'shared': 'trace',
            'log_ids': list_concat(
                arg_max(log_id, place, each_way) FILTER (WHERE same_trace AND is_before),
                arg_min(log_id, place, each_way) FILTER (WHERE same_trace AND NOT is_before)
            )
        },
        {
            'shared': 'service',
            'log_ids': list_concat(
                arg_max(log_id, place, each_way) FILTER (WHERE same_service AND is_before),
                arg_min(log_id, place, each_way) FILTER (WHERE same_service AND NOT is_before)
            )
        },
        {
            'shared': 'host',
            'log_ids': list_concat(
                arg_max(log_id, place, each_way) FILTER (WHERE same_host AND is_before),
                arg_min(log_id, place, each_way) FILTER (WHERE same_host AND NOT is_before)
            )
        },
        {
            'shared': 'source',
            'log_ids': list_concat(
                arg_max(log_id, place, each_way) FILTER (WHERE same_source AND is_before),
                arg_min(log_id, place, each_way) FILTER (WHERE same_source AND NOT is_before)
            )
        }
    ], recursive := true)
    FROM __fame_related
),
__fame_wanted AS (
    SELECT log_id, list(shared) AS shared
    FROM (SELECT shared, unnest(log_ids) AS log_id FROM __fame_nearest)
    GROUP BY log_id
    UNION ALL
    SELECT log_id, [] FROM __fame_line
)
SELECT
    row_number() OVER __fame_in_time
    - count(*) FILTER (
        WHERE (coalesce(logs.timestamp, logs.observed_timestamp), logs.log_id) <= (line.log_time, line.log_id)
    ) OVER () AS place,
    round(epoch(coalesce(logs.timestamp, logs.observed_timestamp)) - epoch(line.log_time), 3) AS seconds,
    wanted.shared,
    logs.log_id,
    coalesce(logs.timestamp, logs.observed_timestamp) AS timestamp,
    logs.service_name,
    logs.host_name,
    logs.trace_id,
    logs.severity_text,
    logs.score,
    logs.is_anomaly,
    logs.template_id,
    logs.body
FROM __fame_wanted AS wanted
INNER JOIN fame.all_scored_logs AS logs ON wanted.log_id = logs.log_id
CROSS JOIN __fame_line AS line
WINDOW __fame_in_time AS (ORDER BY coalesce(logs.timestamp, logs.observed_timestamp), logs.log_id)
ORDER BY place;

-- Values at a template's wildcards that are rare where others come again and again: together with all
-- values that come no more often, at most this share of the lines. Identifiers, which hardly come twice,
-- are not looked at.
CREATE OR REPLACE MACRO fame.rare_values(wanted_template_id, at_most := 0.01) AS TABLE
WITH
__fame_words AS (
    SELECT
        logs.log_id,
        coalesce(logs.timestamp, logs.observed_timestamp) AS log_time,
        logs.body,
        string_split_regex(trim(logs.body), '\s+') AS words,
        string_split(templates.template, ' ') AS places
    FROM (SELECT fame.use_this_warehouse_first('$identity', "$current" := true) AS here) AS __fame_here
    CROSS JOIN fame.all_logs AS logs
    INNER JOIN fame.events AS events ON logs.event_id = events.event_id
    INNER JOIN fame.templates AS templates ON events.template_id = templates.template_id
    WHERE events.template_id = wanted_template_id AND __fame_here.here
),
__fame_placed AS (
    SELECT
        log_id,
        log_time,
        body,
        unnest(range(1, len(places) + 1)) AS place,
        unnest(places) AS wildcard,
        unnest(list_resize(words, len(places))) AS value
    FROM __fame_words
),
__fame_counted AS (
    SELECT
        place,
        wildcard,
        value,
        count(*) AS lines,
        min(log_time) AS first_seen,
        max(log_time) AS last_seen,
        arg_min(log_id, (log_time, log_id)) AS log_id,
        arg_min(body, (log_time, log_id)) AS example,
        sum(count(*)) OVER (PARTITION BY place) AS all_lines,
        count(*) OVER (PARTITION BY place) AS different
    FROM __fame_placed
    WHERE wildcard LIKE '%<%>%' AND value IS NOT NULL
    GROUP BY place, wildcard, value
),
__fame_cumulated AS (
    SELECT
        *,
        sum(lines) OVER (PARTITION BY place ORDER BY lines RANGE UNBOUNDED PRECEDING) AS as_rare
    FROM __fame_counted
)
SELECT
    place,
    wildcard,
    value,
    lines,
    lines / all_lines AS share,
    different,
    first_seen,
    last_seen,
    log_id,
    example
FROM __fame_cumulated
WHERE all_lines >= 20 AND all_lines >= 5 * different AND as_rare <= greatest(1, at_most * all_lines)
ORDER BY lines, place, value;

-- Templates whose lines come in the same windows of time as those of a template, more often than in
-- other windows: by the test of the count anomalies, corrected for the number of templates.
CREATE OR REPLACE MACRO fame.co_occurring(wanted_template_id, within := INTERVAL 1 MINUTE) AS TABLE
WITH
__fame_keyed AS (
    SELECT
        event_id,
        coalesce(template_id, fame.provisional_id(canonical)) AS template_id,
        canonical
    FROM (SELECT fame.use_this_warehouse_first('$identity', "$current" := true) AS here) AS __fame_here
    CROSS JOIN fame.events
    WHERE __fame_here.here
),
__fame_cells AS (
    SELECT
        time_bucket(within, logs.timestamp) AS bucket,
        keyed.template_id,
        any_value(keyed.canonical) AS canonical,
        min(logs.timestamp) AS first_time,
        count(*) AS lines
    FROM __fame_keyed AS keyed
    INNER JOIN fame.all_logs AS logs ON keyed.event_id = logs.event_id
    WHERE logs.timestamp IS NOT NULL
    GROUP BY ALL
),
__fame_wanted AS (
    SELECT bucket, first_time FROM __fame_cells WHERE template_id = wanted_template_id
),
__fame_windows AS (
    SELECT
        (SELECT count(*) FROM __fame_wanted) AS inside,
        count(DISTINCT bucket) - (SELECT count(*) FROM __fame_wanted) AS outside
    FROM __fame_cells
),
__fame_counted AS (
    SELECT
        cells.template_id,
        any_value(cells.canonical) AS canonical,
        count(wanted.bucket) AS together,
        count(*) - count(wanted.bucket) AS apart,
        sum(cells.lines) FILTER (WHERE wanted.bucket IS NOT NULL) AS lines,
        median(epoch(cells.first_time) - epoch(wanted.first_time)) AS seconds_after
    FROM __fame_cells AS cells
    LEFT JOIN __fame_wanted AS wanted ON cells.bucket = wanted.bucket
    WHERE cells.template_id <> wanted_template_id
    GROUP BY cells.template_id
),
__fame_tested AS (
    SELECT
        counted.*,
        windows.inside AS windows,
        counted.together / windows.inside AS share_with,
        counted.apart / nullif(windows.outside, 0) AS share_without,
        least(1, count(*) OVER () * fame.g_p_value(
            fame.g_statistic(counted.together, windows.inside, counted.apart, windows.outside)
        )) AS p_adjusted
    FROM __fame_counted AS counted
    CROSS JOIN __fame_windows AS windows
    WHERE windows.outside > 0
)
SELECT
    tested.template_id,
    coalesce(templates.template, fame.provisional_template(tested.canonical)) AS template,
    tested.together,
    tested.windows,
    round(tested.share_with, 4) AS share_with,
    round(tested.share_without, 4) AS share_without,
    round(tested.seconds_after, 3) AS seconds_after,
    tested.lines::BIGINT AS lines,
    tested.p_adjusted
FROM __fame_tested AS tested
LEFT JOIN fame.templates AS templates ON tested.template_id = templates.template_id
WHERE tested.p_adjusted < 0.05 AND tested.share_with > tested.share_without
ORDER BY tested.p_adjusted, tested.together DESC, tested.template_id;

-- How the share of each template in lines differs between two sides, the greatest difference first,
-- after Kusto's diffpatterns. Sides are ranges of time, where NULL is no bound; with "kind" they are two
-- values of service, host, source, trace or release too. Ranges of time alone compare shares within each
-- service, if it has lines on both sides; else shares in all lines are compared. g is the statistic of a
-- G-test, as for count anomalies, and p_adjusted is corrected for the number of templates by Benjamini and
-- Hochberg's procedure; without sessions to compare, lines in bursts look larger than they are.
CREATE OR REPLACE MACRO fame.diff_patterns(
    start_a, stop_a, start_b, stop_b, kind := 'time', name_a := NULL::VARCHAR, name_b := NULL::VARCHAR
) AS TABLE
WITH
__fame_named AS (
    SELECT
        logs.log_id,
        logs.event_id,
        coalesce(logs.timestamp, logs.observed_timestamp) AS log_time,
        CASE WHEN kind = 'time' THEN coalesce(logs.service_name, '') ELSE '' END AS service_name,
        CASE kind
            WHEN 'time' THEN NULL
            WHEN 'service' THEN logs.service_name
            WHEN 'host' THEN logs.host_name
            WHEN 'source' THEN logs.source_path
            WHEN 'trace' THEN logs.trace_id
            WHEN 'release' THEN coalesce(
                logs.resource_attributes ->> '/service.version', logs.attributes ->> '/service.version'
            )
            ELSE error('kind is time, service, host, source, trace or release, not ' || kind)
        END AS name
    FROM (SELECT fame.use_this_warehouse_first('$identity', "$current" := true) AS here) AS __fame_here
    CROSS JOIN fame.all_logs AS logs
    WHERE __fame_here.here
),
__fame_sided AS (
    SELECT
        *,
        coalesce(log_time >= start_a::TIMESTAMP, start_a IS NULL)
        AND coalesce(log_time < stop_a::TIMESTAMP, stop_a IS NULL)
        AND coalesce(name = name_a, kind = 'time') AS is_a,
        coalesce(log_time >= start_b::TIMESTAMP, start_b IS NULL)
        AND coalesce(log_time < stop_b::TIMESTAMP, stop_b IS NULL)
        AND coalesce(name = name_b, kind = 'time') AS is_b
    FROM __fame_named
),
__fame_counted AS (
    SELECT
        sided.service_name,
        coalesce(events.template_id, fame.provisional_id(events.canonical)) AS template_id,
        coalesce(
            any_value(templates.template), fame.provisional_template(any_value(events.canonical))
        ) AS template,
        count(*) FILTER (WHERE sided.is_a) AS count_a,
        count(*) FILTER (WHERE sided.is_b) AS count_b,
        coalesce(
            arg_min(sided.log_id, (sided.log_time, sided.log_id)) FILTER (WHERE sided.is_b),
            arg_min(sided.log_id, (sided.log_time, sided.log_id))
        ) AS log_id
    FROM __fame_sided AS sided
    INNER JOIN fame.events AS events ON sided.event_id = events.event_id
    LEFT JOIN fame.templates AS templates ON events.template_id = templates.template_id
    WHERE sided.is_a OR sided.is_b
    GROUP BY sided.service_name, coalesce(events.template_id, fame.provisional_id(events.canonical))
),
__fame_summed AS (
    SELECT
        *,
        sum(count_a) OVER (PARTITION BY service_name) > 0
        AND sum(count_b) OVER (PARTITION BY service_name) > 0 AS on_both
    FROM __fame_counted
),
__fame_shared AS (
    SELECT
        *,
        CASE
            WHEN on_both THEN sum(count_a) OVER (PARTITION BY service_name) ELSE sum(count_a) OVER ()
        END AS total_a,
        CASE
            WHEN on_both THEN sum(count_b) OVER (PARTITION BY service_name) ELSE sum(count_b) OVER ()
        END AS total_b
    FROM __fame_summed
),
__fame_tested AS (
    SELECT
        *,
        CASE
            WHEN total_a = 0 OR total_b = 0 THEN 0
            ELSE fame.g_statistic(count_a, total_a, count_b, total_b)
        END AS g
    FROM __fame_shared
),
__fame_ranked AS (
    SELECT
        *,
        fame.g_p_value(g) * count(*) OVER ()
        / row_number() OVER (ORDER BY g DESC, service_name, template_id) AS p_of_rank
    FROM __fame_tested
)
SELECT
    service_name,
    template_id,
    template,
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
    round(100.0 * count_b / nullif(total_b, 0) - 100.0 * count_a / nullif(total_a, 0), 3) AS percent_diff,
    round(g, 3) AS g,
    least(1, min(p_of_rank) OVER (
        ORDER BY g, service_name DESC, template_id DESC ROWS UNBOUNDED PRECEDING
    )) AS p_adjusted,
    log_id
FROM __fame_ranked
ORDER BY g DESC, abs(percent_diff) DESC, service_name, template_id;

-- The events on which the verdicts of two models differ, those with most lines first. Only events that
-- both have scored are compared: 'fame models compare' scores what one of them has not.
CREATE OR REPLACE MACRO fame.compare_models(first_version, second_version) AS TABLE
SELECT
    events.event_hash,
    events.lines,
    first.score AS first_score,
    second.score AS second_score,
    first.domain AS first_domain,
    second.domain AS second_domain,
    first.known_template AS first_known,
    second.known_template AS second_known,
    events.canonical
FROM (SELECT fame.use_this_warehouse_first('$identity', "$current" := true) AS here) AS __fame_here
CROSS JOIN fame.scores AS first
INNER JOIN fame.scores AS second ON first.event_id = second.event_id
INNER JOIN fame.events AS events ON first.event_id = events.event_id
WHERE
    first.model_version = first_version
    AND second.model_version = second_version
    AND (first.score > $threshold) <> (second.score > $threshold)
    AND __fame_here.here
ORDER BY events.lines DESC, events.event_id;

-- Lines and anomalies of a range of time by bucket, service and domain.
CREATE OR REPLACE MACRO fame.timeline(start, stop, bucket := INTERVAL 5 MINUTE) AS TABLE
SELECT
    time_bucket(bucket, coalesce(logs.timestamp, logs.observed_timestamp)) AS bucket_start,
    logs.service_name,
    logs.domain,
    count(*) AS lines,
    count(*) FILTER (WHERE logs.is_anomaly) AS anomalous_lines,
    count(DISTINCT logs.template_id) AS templates,
    max(logs.score) AS worst_score
FROM (SELECT fame.use_this_warehouse_first('$identity', "$current" := true) AS here) AS __fame_here
CROSS JOIN fame.all_scored_logs AS logs
WHERE coalesce(logs.timestamp, logs.observed_timestamp) >= start::TIMESTAMP
    AND coalesce(logs.timestamp, logs.observed_timestamp) < stop::TIMESTAMP
    AND __fame_here.here
GROUP BY ALL
ORDER BY bucket_start, logs.service_name, logs.domain;
