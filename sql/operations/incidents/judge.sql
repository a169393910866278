-- What the new anomalies change: nothing that people have to know of (NULL) where an open incident
-- grows by less than ten times and gets no worse. One that is over was wrong about its size, or goes
-- on if its last anomaly is recent.
CREATE OR REPLACE TEMP TABLE changed_incidents AS
SELECT
    weighed.*,
    CASE
        WHEN stored.incident_id IS NULL THEN 'opened'
        WHEN stored.state = 'resolved' AND facts.now - weighed.last_seen <= facts.quiet THEN 'reopened'
        WHEN stored.state = 'resolved' THEN 'corrected'
        WHEN weighed.level > list_position(['info', 'warning', 'error', 'critical'], stored.severity)
            OR weighed.lines >= 10 * greatest(stored.told_lines, 1)
            THEN 'worsened'
        WHEN stored.first_seen > weighed.first_seen + facts.gap THEN 'corrected'
    END AS transition
FROM weighed_incidents AS weighed
CROSS JOIN incident_update AS facts
LEFT JOIN fame.stored_incidents AS stored ON weighed.incident_id = stored.incident_id;
