-- The incidents, what is not over first, then by severity. The percentile compares an incident with
-- all others of this warehouse: by severity, then by its worst score and its lines.
CREATE OR REPLACE VIEW fame.incidents AS
WITH
worst_events AS (
    SELECT cells.incident_id, min(cells.event_id) AS event_id
    FROM fame.incident_events AS cells
    INNER JOIN fame.stored_incidents AS stored
        ON cells.incident_id = stored.incident_id AND cells.template_id = stored.template_id
    GROUP BY cells.incident_id
),
worst_counts AS (
    SELECT counts.incident_id, any_value(counts.template) AS template
    FROM fame.incident_counts AS counts
    INNER JOIN fame.stored_incidents AS stored
        ON counts.incident_id = stored.incident_id AND counts.template_id = stored.template_id
    GROUP BY counts.incident_id
),
ranked AS (
    SELECT
        incident_id,
        list_position(['info', 'warning', 'error', 'critical'], severity) AS level,
        cume_dist() OVER (
            ORDER BY
                list_position(['info', 'warning', 'error', 'critical'], severity),
                coalesce(worst_score, 0.5) + log10(1 + lines) / 10
        ) AS percentile
    FROM fame.stored_incidents
    WHERE merged_into IS NULL
)
SELECT
    stored.incident_id,
    stored.state,
    stored.severity,
    round(100 * ranked.percentile)::INTEGER AS severity_percentile,
    stored.service_name,
    stored.domain,
    coalesce(
        templates.template, worst_counts.template, fame.provisional_template(events.canonical)
    ) AS template,
    stored.anomaly,
    stored.first_seen,
    stored.last_seen,
    stored.lines,
    stored.lines_to_read,
    stored.counts,
    stored.worst_score,
    stored.mean_score AS confidence,
    knowledge.silenced,
    knowledge.known,
    stored.fingerprint,
    stored.revision
FROM fame.stored_incidents AS stored
INNER JOIN ranked ON stored.incident_id = ranked.incident_id
INNER JOIN fame.incident_knowledge AS knowledge ON stored.incident_id = knowledge.incident_id
LEFT JOIN worst_events ON stored.incident_id = worst_events.incident_id
LEFT JOIN worst_counts ON stored.incident_id = worst_counts.incident_id
LEFT JOIN fame.events AS events ON worst_events.event_id = events.event_id
LEFT JOIN fame.templates AS templates ON stored.template_id = templates.template_id
ORDER BY stored.state = 'resolved', ranked.level DESC, stored.last_seen DESC, stored.incident_id;
