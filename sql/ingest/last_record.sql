-- The record that may continue in the next lines.
SELECT
    line_number,
    byte_offset
FROM incoming
ORDER BY line_number DESC
LIMIT 1;
