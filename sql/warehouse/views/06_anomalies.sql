-- The alerts: anomalous lines, except those of unseen templates if the policy only queues them.
CREATE OR REPLACE VIEW fame.anomalies AS
SELECT scored_logs.*
FROM fame.scored_logs AS scored_logs
CROSS JOIN fame.policy AS policy
WHERE scored_logs.is_anomaly AND (scored_logs.known_template OR policy.unseen <> 'queue');
