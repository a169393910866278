SELECT
    line_number,
    parse_error,
    left(body, 120) AS excerpt
FROM incoming
WHERE parse_error IS NOT NULL AND line_number > $after
ORDER BY line_number
LIMIT $most;
