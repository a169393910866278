-- Whose labels there are, and how many lines each judged.
SELECT
    source,
    author,
    count(*) AS lines,
    count(*) FILTER (WHERE is_anomaly) AS anomalous
FROM fame.labels
GROUP BY source, author
ORDER BY lines DESC, source, author;
