SELECT timestamp, domain, score, body
FROM anomalies
ORDER BY timestamp DESC
LIMIT 10
