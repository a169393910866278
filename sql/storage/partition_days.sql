SELECT
    day,
    count(*) AS lines
FROM partition_lines
GROUP BY day
ORDER BY day;
