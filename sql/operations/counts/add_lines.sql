INSERT INTO fame.line_counts
SELECT
    service_name,
    template_id,
    bucket,
    count(*) AS lines
FROM counted_lines
GROUP BY ALL
ORDER BY bucket, service_name, template_id;
