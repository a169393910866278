-- What people say of events at a moment: of each, what was said last. Feedback on an incident speaks
-- of the events that its lines have.
CREATE OR REPLACE TEMP TABLE said_of_events AS
WITH said AS (
    SELECT *
    FROM fame.feedback_periods
    WHERE is_complete
        AND created_at <= $now
        AND (until_time IS NULL OR $now < until_time)
        AND (anomaly IS NULL OR anomaly = 'line')
),
named AS (
    SELECT event_id, is_anomaly, author, comment, created_at
    FROM said
    WHERE event_id IS NOT NULL
    UNION ALL
    SELECT cells.event_id, said.is_anomaly, said.author, said.comment, said.created_at
    FROM said
    INNER JOIN fame.stored_incidents AS incidents ON said.incident_id = incidents.incident_id
    INNER JOIN fame.incident_cells AS cells
        ON coalesce(incidents.merged_into, incidents.incident_id) = cells.incident_id
        AND said.template_id = cells.template_id
    WHERE said.event_id IS NULL AND cells.event_id IS NOT NULL
    UNION ALL
    SELECT events.event_id, said.is_anomaly, said.author, said.comment, said.created_at
    FROM said
    INNER JOIN fame.events AS events ON said.template_id = events.template_id
    WHERE said.event_id IS NULL AND said.incident_id IS NULL
    UNION ALL
    SELECT noticed.event_id, said.is_anomaly, said.author, said.comment, said.created_at
    FROM said
    INNER JOIN fame.provisional_events AS noticed ON said.template_id = noticed.template_id
    WHERE said.event_id IS NULL AND said.incident_id IS NULL
)
SELECT
    event_id,
    max_by(
        {'is_anomaly': is_anomaly, 'author': author, 'comment': comment, 'created_at': created_at},
        (created_at, is_anomaly, author, comment)
    ) AS said
FROM named
GROUP BY event_id;
