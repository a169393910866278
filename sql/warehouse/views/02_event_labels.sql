-- The labels of each event from the source with the highest priority: a person, then a data set,
-- then a language model, then a rule. Labels of one event can disagree.
CREATE OR REPLACE VIEW fame.event_labels AS
WITH ranked AS (
    SELECT
        labels.*,
        CASE source WHEN 'human' THEN 1 WHEN 'dataset' THEN 2 WHEN 'llm' THEN 3 ELSE 4 END AS rank
    FROM fame.labels
)
SELECT
    ranked.event_id,
    count(*) FILTER (WHERE NOT ranked.is_anomaly) AS normal_labels,
    count(*) FILTER (WHERE ranked.is_anomaly) AS anomalous_labels,
    any_value(ranked.source) AS source,
    min(ranked.log_id) AS first_labelled_log_id
FROM ranked
INNER JOIN (SELECT event_id, min(rank) AS best FROM ranked GROUP BY event_id) AS best
    ON ranked.event_id = best.event_id AND ranked.rank = best.best
GROUP BY ranked.event_id;
