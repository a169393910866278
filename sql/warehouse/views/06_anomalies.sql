-- What is alerted: the anomalous lines, those of unseen templates only where the policy says so.
CREATE OR REPLACE VIEW fame.anomalies AS
SELECT scored_logs.*
FROM fame.scored_logs AS scored_logs
CROSS JOIN fame.policy AS policy
WHERE scored_logs.is_anomaly AND (scored_logs.known_template OR policy.unseen <> 'queue');
