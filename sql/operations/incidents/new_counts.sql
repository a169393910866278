-- Count anomalies that no update has read. One of a window that has been read may have other numbers
-- now, and stays as it was found.
CREATE OR REPLACE TEMP TABLE new_counts AS
SELECT
    coalesce(counts.service_name, '') AS service_name,
    coalesce(counts.template_id, '') AS template_id,
    counts.template,
    counts.kind AS anomaly,
    counts.window_start,
    counts.window_end,
    counts.lines,
    counts.expected,
    counts.g,
    counts.p_value
FROM main.count_anomalies AS counts
ANTI JOIN fame.incident_counts AS stored
    ON coalesce(counts.service_name, '') = stored.service_name
    AND coalesce(counts.template_id, '') = stored.template_id
    AND counts.kind = stored.anomaly
    AND counts.window_start = stored.window_start;
