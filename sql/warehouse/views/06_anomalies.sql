-- The alerts: anomalous lines, except those of new templates if the policy only queues them; lines in
-- partitions are included.
CREATE OR REPLACE VIEW fame.anomalies AS
SELECT scored_logs.*
FROM fame.all_scored_logs AS scored_logs
CROSS JOIN fame.policy AS policy
WHERE scored_logs.is_anomaly AND (
    scored_logs.known_template OR scored_logs.answer IS NOT NULL OR policy.unseen <> 'queue-only'
);
