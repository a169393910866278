CREATE OR REPLACE TEMP TABLE shrunken_incidents AS
SELECT DISTINCT stored.incident_id
FROM fame.incident_counts AS stored
SEMI JOIN withdrawn_counts AS withdrawn
    ON stored.service_name = withdrawn.service_name
    AND stored.template_id = withdrawn.template_id
    AND stored.anomaly = withdrawn.anomaly
    AND stored.window_start = withdrawn.window_start;

DELETE FROM fame.incident_counts
USING withdrawn_counts AS withdrawn
WHERE incident_counts.service_name = withdrawn.service_name
    AND incident_counts.template_id = withdrawn.template_id
    AND incident_counts.anomaly = withdrawn.anomaly
    AND incident_counts.window_start = withdrawn.window_start;

INSERT INTO incidents_to_weigh
WITH times AS (
    SELECT incident_id, first_seen, last_seen FROM fame.incident_events
    UNION ALL
    SELECT incident_id, window_start, window_end FROM fame.incident_counts
)
SELECT
    stored.incident_id,
    stored.service_name,
    min(times.first_seen) AS first_seen,
    max(times.last_seen) AS last_seen
FROM times
INNER JOIN fame.stored_incidents AS stored ON times.incident_id = stored.incident_id
WHERE stored.incident_id IN (SELECT incident_id FROM shrunken_incidents)
    AND stored.incident_id NOT IN (SELECT incident_id FROM incidents_to_weigh)
GROUP BY stored.incident_id, stored.service_name;

UPDATE fame.stored_incidents SET lines = 0, lines_to_read = 0, counts = 0
WHERE incident_id IN (SELECT incident_id FROM shrunken_incidents)
    AND incident_id NOT IN (SELECT incident_id FROM fame.incident_events)
    AND incident_id NOT IN (SELECT incident_id FROM fame.incident_counts);
