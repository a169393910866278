-- The record that the next lines may go on with.
SELECT
    line_number,
    byte_offset
FROM incoming
ORDER BY line_number DESC
LIMIT 1;
