-- Every feedback with the time until which it holds, what it has hidden, and what speaks against it.
WITH
given AS (
    SELECT
        created_at,
        author,
        is_anomaly,
        incident_id,
        CASE WHEN incident_id IS NULL THEN event_id END AS event_id,
        CASE WHEN incident_id IS NULL THEN template_id END AS template_id,
        min(log_id) AS log_id,
        max(comment) AS reason,
        max(until_time) AS until_time,
        max(withdrawn_at) AS withdrawn_at,
        max(withdrawn_by) AS withdrawn_by,
        bool_and(is_complete) AS is_complete,
        bool_or(coalesce(trim(author), '') = '' OR coalesce(trim(comment), '') = '') AS is_unsigned,
        bool_or(coalesce(expires_at <= created_at, false)) AS ended_before,
        -- What a row by SQL names too much: 'fame dismiss' fills these in for its own.
        bool_or(
            (incident_id IS NOT NULL)::INTEGER + (log_id IS NOT NULL)::INTEGER
            + (template_id IS NOT NULL AND anomaly IS NULL)::INTEGER > 1
        ) AS names_several
    FROM fame.feedback_periods
    GROUP BY ALL
),
-- What the next update fills in: rows by SQL that nothing has read yet.
waiting AS (
    SELECT 'incident ' || incident_id AS named FROM fame.incident_cells
    UNION
    SELECT 'line ' || log_id
    FROM fame.logs
    WHERE log_id IN (SELECT log_id FROM fame.feedback WHERE event_id IS NULL)
),
known_templates AS (
    SELECT template_id FROM fame.templates
    UNION
    SELECT template_id FROM fame.provisional_events
    UNION
    SELECT template_id FROM fame.incident_cells
),
named AS (
    SELECT
        created_at,
        author,
        is_anomaly,
        said_of,
        CASE WHEN said_of IS NULL THEN said_event_id END AS said_event_id,
        CASE WHEN said_of IS NULL THEN said_template_id END AS said_template_id,
        until_time,
        comment,
        incident_id,
        anomaly,
        template_id,
        event_id
    FROM fame.incident_feedback
    WHERE created_at <= $now
),
hidden AS (
    SELECT
        named.created_at,
        named.author,
        named.is_anomaly,
        named.said_of,
        named.said_event_id,
        named.said_template_id,
        count(DISTINCT named.incident_id) FILTER (
            WHERE NOT named.is_anomaly
                AND (incidents.resolved_at IS NULL OR incidents.resolved_at > named.created_at)
                AND (named.until_time IS NULL OR incidents.first_seen < named.until_time)
        ) AS hid,
        min(named.incident_id) FILTER (
            WHERE NOT named.is_anomaly
                AND named.until_time <= $now
                AND incidents.state <> 'resolved'
                AND incidents.first_seen < named.until_time
        ) AS goes_on,
        min(confirmed.incident_id) FILTER (
            WHERE NOT named.is_anomaly
                AND confirmed.created_at > named.created_at
                AND (incidents.resolved_at IS NULL OR incidents.resolved_at > named.created_at)
                AND (named.until_time IS NULL OR incidents.first_seen < named.until_time)
        ) AS hid_confirmed,
        max_by(
            {'author': other.author, 'at': other.created_at, 'reason': other.comment},
            (other.created_at, other.author, other.comment)
        ) FILTER (
            WHERE other.created_at IS NOT NULL
                AND (other.until_time IS NULL OR other.until_time > $now)
                AND (named.until_time IS NULL OR named.until_time > $now)
        ) AS contradicted
    FROM named
    INNER JOIN fame.stored_incidents AS incidents ON named.incident_id = incidents.incident_id
    LEFT JOIN named AS confirmed
        ON named.incident_id = confirmed.incident_id
        AND confirmed.is_anomaly
        AND confirmed.anomaly = named.anomaly
        AND confirmed.template_id = named.template_id
    LEFT JOIN named AS other
        ON named.incident_id = other.incident_id
        AND named.anomaly = other.anomaly
        AND named.template_id = other.template_id
        AND named.event_id IS NOT DISTINCT FROM other.event_id
        AND named.is_anomaly <> other.is_anomaly
    GROUP BY ALL
)
SELECT
    CASE
        WHEN given.incident_id IS NOT NULL THEN 'incident ' || given.incident_id
        WHEN given.log_id IS NOT NULL THEN 'line ' || given.log_id
        WHEN given.event_id IS NOT NULL THEN 'event ' || given.event_id
        WHEN given.template_id IS NOT NULL THEN 'template ' || given.template_id
        ELSE 'nothing'
    END AS names,
    CASE WHEN given.is_anomaly THEN 'confirmed' ELSE 'dismissed' END AS says,
    given.author,
    given.reason,
    given.created_at,
    given.until_time AS until,
    CASE
        WHEN given.withdrawn_at <= $now THEN 'withdrawn'
        WHEN NOT given.is_complete THEN 'incomplete'
        WHEN given.created_at > $now THEN 'later'
        WHEN given.until_time <= $now THEN 'ended'
        ELSE 'in force'
    END AS state,
    coalesce(hidden.hid, 0) AS hid,
    list_filter(
        [
            CASE
                WHEN given.is_unsigned THEN 'has no effect: an author and a reason are needed'
                WHEN given.names_several THEN 'has no effect: it names several things, and may name one'
                WHEN given.ended_before THEN 'has no effect: it ends before it was said'
                WHEN
                    NOT given.is_complete
                    AND coalesce('incident ' || given.incident_id, 'line ' || given.log_id)
                    IN (SELECT named FROM waiting)
                    THEN 'has an effect from the next ''fame incidents update'' on'
                WHEN NOT given.is_complete AND given.incident_id IS NOT NULL
                    THEN concat('has no effect: there is no incident ', given.incident_id, ' with anomalies')
                WHEN NOT given.is_complete AND given.log_id IS NOT NULL
                    THEN concat('has no effect: there is no line ', given.log_id)
                WHEN NOT given.is_complete
                    THEN 'has no effect: it names no incident_id, log_id or template_id'
                WHEN
                    given.template_id IS NOT NULL
                    AND given.template_id NOT IN (SELECT template_id FROM known_templates)
                    THEN concat('has no effect yet: there is no template ', given.template_id)
                WHEN given.created_at > $now THEN 'has no effect yet: created_at is in the future'
            END,
            CASE
                WHEN hidden.goes_on IS NOT NULL AND given.withdrawn_at IS NULL
                    THEN concat('ended while incident ', hidden.goes_on, ' goes on')
            END,
            CASE
                WHEN hidden.hid_confirmed IS NOT NULL
                    THEN concat('hid incident ', hidden.hid_confirmed, ', which was confirmed later')
            END,
            CASE
                WHEN hidden.contradicted IS NOT NULL
                    THEN concat(
                        'contradicted by ',
                        hidden.contradicted.author,
                        strftime(hidden.contradicted.at, ' on %Y-%m-%d: '),
                        hidden.contradicted.reason
                    )
            END,
            CASE
                WHEN given.until_time > $now AND given.until_time <= $now + INTERVAL 1 DAY
                    THEN 'ends within a day'
            END
        ],
        lambda note: note IS NOT NULL
    ) AS notes
FROM given
LEFT JOIN hidden
    ON given.created_at = hidden.created_at
    AND given.author IS NOT DISTINCT FROM hidden.author
    AND given.is_anomaly = hidden.is_anomaly
    AND given.incident_id IS NOT DISTINCT FROM hidden.said_of
    AND given.event_id IS NOT DISTINCT FROM hidden.said_event_id
    AND given.template_id IS NOT DISTINCT FROM hidden.said_template_id
ORDER BY given.created_at DESC, names, says, given.author;
