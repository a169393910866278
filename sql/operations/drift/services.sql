-- Drift by service, the worst first.
SELECT * FROM fame.drift
ORDER BY
    CASE freshness WHEN 'stale' THEN 1 WHEN 'ageing' THEN 2 ELSE 3 END,
    unknown_share DESC NULLS LAST,
    psi DESC NULLS LAST,
    service_name;
