-- What the model said of the lines of a sample, and what people say of them: a label of the line
-- counts before one of its event, and the newest of several.
WITH
judged AS (
    SELECT
        audits.ordinal,
        audits.is_anomaly,
        arg_max(
            labels.is_anomaly,
            (labels.log_id IS NOT NULL, labels.labelled_at)
        ) AS by_person
    FROM fame.audits AS audits
    LEFT JOIN fame.labels AS labels
        ON labels.source = 'human' AND (
            audits.log_id = labels.log_id
            OR (labels.log_id IS NULL AND audits.event_id = labels.event_id)
        )
    WHERE audits.audit = (SELECT max(audit) FROM fame.audits)
    GROUP BY audits.ordinal, audits.is_anomaly
)

SELECT
    count(*) AS drawn,
    count(by_person) AS judged,
    count(*) FILTER (WHERE by_person <> is_anomaly) AS wrong,
    count(by_person) FILTER (WHERE NOT is_anomaly) AS normal_judged,
    count(*) FILTER (WHERE by_person AND NOT is_anomaly) AS normal_wrong,
    count(by_person) FILTER (WHERE is_anomaly) AS anomalous_judged,
    count(*) FILTER (WHERE NOT by_person AND is_anomaly) AS anomalous_wrong
FROM judged;
