SELECT domain, count(*) AS lines, max(score) AS worst
FROM anomalies
GROUP BY domain
ORDER BY lines DESC
