-- Every labelled event with the domain of its template and the number of its lines in the training
-- period. Events that first occur in the calibration slice are held out for calibration.
SELECT
    events.event_id,
    events.canonical,
    labels.anomalous_labels / (labels.normal_labels + labels.anomalous_labels) AS anomalous,
    domains.ordinal AS domain,
    events.template_id,
    coalesce(seen.lines, 1) AS lines,
    coalesce(NOT seen.in_training, FALSE) AS is_calibration
FROM fame.event_labels AS labels
INNER JOIN fame.events AS events ON labels.event_id = events.event_id
INNER JOIN fame.domain_templates AS members ON events.template_id = members.template_id
INNER JOIN fame.domains AS domains ON members.domain = domains.domain
LEFT JOIN (
    SELECT event_id, count(*) AS lines, bool_or(period = 'training') AS in_training
    FROM fame.log_periods
    WHERE period <> 'later'
    GROUP BY event_id
) AS seen ON events.event_id = seen.event_id
ORDER BY events.event_id;
