-- A rule costs nothing, so it judges every event of the training period: a line for each judgement
-- that lines of the event get. Where a line has no level, its words decide.
INSERT INTO fame.labels
WITH judged AS (
    SELECT
        periods.log_id,
        periods.log_time,
        periods.event_id,
        events.template_id,
        CASE
            WHEN periods.severity_number IS NOT NULL THEN periods.severity_number >= $severity
            ELSE coalesce(failure_words.polarity, 0) >= $polarity
        END AS is_anomaly,
        CASE
            WHEN periods.severity_number IS NOT NULL
                THEN 'severity ' || coalesce(periods.severity_text, periods.severity_number::VARCHAR)
                || ' against ' || $severity_name
            WHEN failure_words.phrase IS NULL THEN 'no failure words'
            ELSE 'says "' || failure_words.phrase || '"'
        END AS evidence
    FROM fame.log_periods AS periods
    INNER JOIN fame.events AS events ON periods.event_id = events.event_id
    LEFT JOIN fame.failure_words AS failure_words ON periods.event_id = failure_words.event_id
    WHERE periods.period <> 'later' AND events.template_id IS NOT NULL
)
SELECT
    arg_min(log_id, (log_time, log_id)) AS log_id,
    event_id,
    any_value(template_id) AS template_id,
    is_anomaly,
    NULL AS category,
    'rule' AS source,
    NULL AS author,
    arg_min(evidence, (log_time, log_id)) AS evidence,
    $labelled_at AS labelled_at
FROM judged
GROUP BY event_id, is_anomaly;
