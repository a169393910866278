-- The alerts among the lines in the warehouse's own file.
CREATE OR REPLACE VIEW fame.file_anomalies AS
SELECT scored_logs.*
FROM fame.scored_logs AS scored_logs
CROSS JOIN fame.policy AS policy
WHERE scored_logs.is_anomaly AND (
    scored_logs.known_template OR scored_logs.answer IS NOT NULL OR policy.unseen <> 'queue-only'
);
