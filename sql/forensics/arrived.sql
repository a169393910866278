-- Lines after another, judged now if they are not yet.
SELECT
    log_id,
    coalesce(timestamp, observed_timestamp) AS timestamp,
    service_name,
    host_name,
    severity_text,
    verdict.score AS score,
    verdict.is_anomaly AS is_anomaly,
    verdict.domain AS domain,
    body
FROM (
    SELECT *, fame_verdict(body) AS verdict
    FROM (
        SELECT *
        FROM fame.logs
        WHERE log_id > $after
        ORDER BY log_id
        LIMIT $at_most
    )
)
ORDER BY log_id;
