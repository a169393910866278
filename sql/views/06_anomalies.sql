CREATE OR REPLACE VIEW fame.anomalies AS
SELECT * FROM fame.scored_logs WHERE is_anomaly;
