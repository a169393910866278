-- The number of labels by source and author.
SELECT
    source,
    author,
    count(*) AS lines,
    count(*) FILTER (WHERE is_anomaly) AS anomalous
FROM fame.labels
GROUP BY source, author
ORDER BY lines DESC, source, author;
