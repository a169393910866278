-- After all lines were counted again: the count anomalies of incidents that were not found again. A
-- window that is still to be tested says nothing yet.
CREATE OR REPLACE TEMP TABLE withdrawn_counts AS
SELECT stored.service_name, stored.template_id, stored.anomaly, stored.window_start
FROM fame.incident_counts AS stored
ANTI JOIN main.count_anomalies AS counts
    ON stored.service_name = coalesce(counts.service_name, '')
    AND stored.template_id = coalesce(counts.template_id, '')
    AND stored.anomaly = counts.kind
    AND stored.window_start = counts.window_start
ANTI JOIN fame.untested_counts AS untested
    ON untested.bucket < stored.window_end
    AND untested.bucket >= stored.window_end - INTERVAL 2 MINUTES;
