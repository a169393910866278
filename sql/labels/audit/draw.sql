-- A random sample of the language model's labels, each as likely as any other.
INSERT INTO fame.audits BY NAME
SELECT
    (SELECT coalesce(max(audit), 0) + 1 FROM fame.audits) AS audit,
    row_number() OVER (ORDER BY md5(concat($seed, ' ', labels.log_id)), labels.log_id) AS ordinal,
    labels.log_id,
    labels.event_id,
    labels.is_anomaly,
    labels.author,
    labels.evidence,
    $drawn_at AS drawn_at
FROM fame.labels AS labels
WHERE labels.source = 'llm' AND labels.log_id IS NOT NULL
QUALIFY ordinal <= $lines;
