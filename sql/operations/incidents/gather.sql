-- The incidents that go on as part of another, or as themselves.
CREATE OR REPLACE TEMP TABLE incident_heirs AS
SELECT unnest(stored_ids) AS incident_id, incident_id AS heir FROM incident_spans;

CREATE OR REPLACE TEMP TABLE gathered_events AS
WITH parts AS (
    SELECT
        spans.incident_id,
        anomalies.event_id,
        anomalies.template_id,
        anomalies.domain,
        count(*) AS lines,
        min(anomalies.log_time) AS first_seen,
        max(anomalies.log_time) AS last_seen,
        min_by(anomalies.log_id, (anomalies.log_time, anomalies.log_id)) AS first_log_id,
        max(anomalies.severity_number) AS severity_number,
        max(anomalies.score) AS score
    FROM new_anomalies AS anomalies
    ASOF INNER JOIN incident_spans AS spans
        ON anomalies.service_name = spans.service_name AND anomalies.log_time >= spans.first_seen
    GROUP BY spans.incident_id, anomalies.event_id, anomalies.template_id, anomalies.domain
    UNION ALL
    SELECT heirs.heir, events.* EXCLUDE (incident_id)
    FROM fame.incident_events AS events
    INNER JOIN incident_heirs AS heirs ON events.incident_id = heirs.incident_id
)
SELECT
    incident_id,
    event_id,
    max_by(template_id, (last_seen, template_id)) AS template_id,
    max_by(domain, (last_seen, domain)) AS domain,
    sum(lines)::BIGINT AS lines,
    min(first_seen) AS first_seen,
    max(last_seen) AS last_seen,
    min_by(first_log_id, (first_seen, first_log_id)) AS first_log_id,
    max(severity_number) AS severity_number,
    max(score) AS score
FROM parts
GROUP BY incident_id, event_id;

DELETE FROM fame.incident_events
WHERE incident_id IN (SELECT incident_id FROM incident_heirs);

INSERT INTO fame.incident_events
SELECT * FROM gathered_events ORDER BY incident_id, event_id;

UPDATE fame.incident_counts SET incident_id = heirs.heir
FROM incident_heirs AS heirs
WHERE incident_counts.incident_id = heirs.incident_id AND heirs.heir <> heirs.incident_id;

INSERT INTO fame.incident_counts
SELECT
    spans.incident_id,
    counts.*
FROM new_counts AS counts
ASOF INNER JOIN incident_spans AS spans
    ON counts.service_name = spans.service_name AND counts.window_start >= spans.first_seen
ORDER BY counts.service_name, counts.window_start, counts.anomaly, counts.template_id;

CREATE OR REPLACE TEMP TABLE incidents_to_weigh AS
SELECT incident_id, service_name, first_seen, last_seen FROM incident_spans;
