-- The last language model and the rule that judged windows, each with the input that its share of
-- falsely reported windows is.
SELECT
    CASE
        WHEN detector = 'rule' THEN 'false_window_share_rules'
        ELSE 'false_window_share_llm'
    END AS input,
    arg_max(detector, detected_at) AS detector,
    arg_max(minutes, detected_at) AS minutes
FROM fame.window_alarms
WHERE detector = 'rule' OR starts_with(detector, 'language model ')
GROUP BY input
ORDER BY input;
