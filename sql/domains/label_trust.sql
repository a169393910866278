-- Labels in force, those of a language model that contradict the severity of their lines, and lines
-- that it judged otherwise among other lines and that no person has judged since.
SELECT
    count(*) AS labels,
    coalesce(count(*) FILTER (WHERE labels.is_anomaly), 0) AS anomalous,
    count(*) FILTER (WHERE labels.source = 'llm') AS by_model,
    count(*) FILTER (
        WHERE labels.source = 'llm' AND NOT labels.is_anomaly AND logs.severity_number >= 17
    ) AS contradicting,
    (
        SELECT count(DISTINCT doubts.log_id)
        FROM fame.doubts AS doubts
        ANTI JOIN fame.labels AS said ON doubts.log_id = said.log_id AND said.source = 'human'
        WHERE contains(doubts.reason, $otherwise)
    ) AS otherwise
FROM fame.labels AS labels
LEFT JOIN fame.logs AS logs ON labels.log_id = logs.log_id;
