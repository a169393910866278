-- The stored lines in pieces of their numbers, which in a lake have gaps between two loads.
SELECT
    min(log_id) - 1 AS after,
    max(log_id) AS until,
    count(*) AS lines
FROM fame.logs
WHERE log_id > $after
GROUP BY log_id // $piece
ORDER BY until;
