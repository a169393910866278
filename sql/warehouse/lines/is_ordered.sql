-- Whether the lines lie in the order of their numbers.
SELECT count(*) = 0
FROM (SELECT log_id <= lag(log_id) OVER (ORDER BY rowid) AS is_back FROM fame.logs)
WHERE is_back;
