-- What fills the log, or with $anomalous what its anomalies are about: the most frequent first.
WITH counted AS (
    SELECT
        CASE $by
            WHEN 'template' THEN coalesce(events.template_id, fame.provisional_id(events.canonical))
            WHEN 'service' THEN logs.service_name
            WHEN 'host' THEN logs.host_name
            WHEN 'domain' THEN logs.domain
            WHEN 'severity' THEN logs.severity_text
            ELSE logs.source_path
        END AS name,
        arg_min(events.canonical, logs.log_id) AS canonical,
        any_value(events.template_id) AS template_id,
        count(*) AS lines,
        count(*) FILTER (WHERE logs.is_anomaly) AS anomalous_lines,
        max(logs.score) AS worst_score,
        min(coalesce(logs.timestamp, logs.observed_timestamp)) AS first_seen,
        max(coalesce(logs.timestamp, logs.observed_timestamp)) AS last_seen
    FROM fame.all_scored_logs AS logs
    LEFT JOIN fame.events AS events ON logs.event_id = events.event_id
    WHERE ($since::TIMESTAMP IS NULL OR coalesce(logs.timestamp, logs.observed_timestamp) >= $since::TIMESTAMP)
        AND ($until::TIMESTAMP IS NULL OR coalesce(logs.timestamp, logs.observed_timestamp) < $until::TIMESTAMP)
    GROUP BY name
)
SELECT
    counted.lines,
    counted.lines / sum(counted.lines) OVER () AS share,
    counted.anomalous_lines,
    counted.worst_score,
    counted.first_seen,
    counted.last_seen,
    counted.name,
    CASE
        WHEN $by = 'template'
            THEN coalesce(templates.template, fame.provisional_template(counted.canonical))
    END AS template
FROM counted
LEFT JOIN fame.templates AS templates ON counted.template_id = templates.template_id
WHERE NOT $anomalous OR counted.anomalous_lines > 0
ORDER BY
    CASE WHEN $anomalous THEN counted.anomalous_lines ELSE counted.lines END DESC,
    counted.lines DESC,
    counted.name
LIMIT $at_most;
