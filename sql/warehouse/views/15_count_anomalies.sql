-- What is significant in the counts of templates by service, as the last pass has found it, at the rate that
-- the warehouse states.
CREATE OR REPLACE VIEW fame.count_anomalies AS
SELECT
    service_name,
    template_id,
    template,
    kind,
    window_start,
    window_end,
    lines,
    expected,
    g,
    p_value,
    p_adjusted,
    service_lines,
    sessions,
    dispersion,
    found_at
FROM fame.found_counts
WHERE
    p_adjusted <= coalesce(
        (SELECT value::DOUBLE FROM fame.settings WHERE key = 'count_rate'), 0.05
    )
    AND g >= coalesce((SELECT value::DOUBLE FROM fame.settings WHERE key = 'count_least_g'), 0);
