-- The lines of an incident, an example of each event, the worst first.
SELECT
    arg_max(log_id, (score, -log_id)) AS log_id,
    min(timestamp) AS first_seen,
    count(*) AS lines,
    count(DISTINCT host_name) AS hosts,
    max(score) AS score,
    bool_and(known_template) AS known_template,
    arg_max(severity_text, (score, -log_id)) AS severity_text,
    arg_max(body, (score, -log_id)) AS body
FROM fame.incident_lines($incident_id)
GROUP BY event_id
ORDER BY score DESC NULLS LAST, lines DESC, log_id
LIMIT 8;
