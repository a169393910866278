SELECT
    service_name AS service,
    psi AS fame_drift_psi,
    unknown_share AS fame_drift_unknown_ratio,
    (list_position(['fresh', 'ageing', 'stale'], freshness) - 1)::DOUBLE AS fame_drift_state
FROM fame.drift
WHERE recent_lines > 0
ORDER BY service_name;
