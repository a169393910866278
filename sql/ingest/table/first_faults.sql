-- The first rows that could not be read completely.
SELECT line_number, parse_error, left(body, 200)
FROM incoming
WHERE parse_error IS NOT NULL
ORDER BY line_number
LIMIT $most;
