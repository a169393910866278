-- What is known of each incident now, or at the moment that the variable fame_moment holds: how often
-- its worst template was seen before, what people said of it last, and whether dismissals in force
-- cover all of it. Of several that name one part, the last decides. A dismissal does not cover an
-- incident that is worse than the one that it was about.
CREATE OR REPLACE VIEW fame.incident_knowledge AS
WITH
present AS (
    SELECT coalesce(getvariable('fame_moment')::TIMESTAMP, current_timestamp AT TIME ZONE 'UTC') AS now
),
said AS (
    SELECT
        feedback.*,
        feedback.until_time IS NULL OR present.now < feedback.until_time AS in_force
    FROM fame.incident_feedback AS feedback
    CROSS JOIN present
    WHERE feedback.created_at <= present.now
),
latest AS (
    SELECT
        incident_id,
        anomaly,
        template_id,
        event_id,
        arg_max(is_anomaly, (created_at, is_anomaly)) AS is_anomaly,
        arg_max({'severity': severity}, (created_at, is_anomaly, severity)).severity AS severity
    FROM said
    WHERE in_force
    GROUP BY incident_id, anomaly, template_id, event_id
),
covered AS (
    SELECT latest.incident_id, count(*) AS cells
    FROM latest
    INNER JOIN fame.stored_incidents AS incidents ON latest.incident_id = incidents.incident_id
    WHERE NOT latest.is_anomaly AND (
        latest.severity IS NULL
        OR list_position(['info', 'warning', 'error', 'critical'], incidents.severity)
        <= list_position(['info', 'warning', 'error', 'critical'], latest.severity)
    )
    GROUP BY latest.incident_id
),
sizes AS (SELECT incident_id, count(*) AS cells FROM fame.incident_cells GROUP BY incident_id),
last_said AS (
    SELECT
        incident_id,
        arg_max(
            {
                'is_anomaly': is_anomaly, 'author': author, 'comment': comment,
                'created_at': created_at, 'until_time': until_time, 'in_force': in_force
            },
            (created_at, is_anomaly, author, comment)
        ) AS said
    FROM said
    GROUP BY incident_id
),
seen AS (
    SELECT
        incident_id,
        row_number() OVER earlier - 1 AS times,
        lag(first_seen) OVER earlier AS previous
    FROM fame.stored_incidents
    WHERE merged_into IS NULL AND lines + counts > 0
    WINDOW earlier AS (PARTITION BY service_name, template_id, anomaly ORDER BY first_seen, incident_id)
)
SELECT
    incidents.incident_id,
    coalesce(covered.cells = sizes.cells, false) AS silenced,
    coalesce(seen.times, 0) AS seen_before,
    concat_ws(
        '; ',
        CASE
            WHEN seen.times > 0
                THEN format(
                    'seen {} before, last on {}',
                    CASE seen.times WHEN 1 THEN 'once' ELSE seen.times || ' times' END,
                    strftime(seen.previous, '%Y-%m-%d %H:%M')
                )
        END,
        CASE
            WHEN last_said.said IS NOT NULL
                THEN concat(
                    CASE
                        WHEN last_said.said.is_anomaly THEN 'confirmed'
                        WHEN last_said.said.in_force AND covered.cells = sizes.cells THEN 'dismissed'
                        WHEN last_said.said.in_force THEN 'in part, or when less bad, dismissed'
                        ELSE 'had been dismissed'
                    END,
                    strftime(last_said.said.created_at, ' on %Y-%m-%d by '),
                    last_said.said.author,
                    CASE
                        WHEN last_said.said.until_time IS NOT NULL
                            THEN strftime(last_said.said.until_time, ' until %Y-%m-%d %H:%M')
                        ELSE ''
                    END,
                    ' because ',
                    last_said.said.comment
                )
        END
    ) AS known
FROM fame.stored_incidents AS incidents
LEFT JOIN seen ON incidents.incident_id = seen.incident_id
LEFT JOIN sizes ON incidents.incident_id = sizes.incident_id
LEFT JOIN covered ON incidents.incident_id = covered.incident_id
LEFT JOIN last_said ON incidents.incident_id = last_said.incident_id
WHERE incidents.merged_into IS NULL;
