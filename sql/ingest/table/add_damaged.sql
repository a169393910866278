-- The records of a CSV file that cannot be read as rows, with their text as it is in the file.
INSERT INTO incoming BY NAME
SELECT
    $observed_timestamp::TIMESTAMP AS observed_timestamp,
    damaged.body,
    $source_path AS source_path,
    damaged.line AS line_number,
    damaged.line AS byte_offset,
    1 AS line_count,
    $ingest_id AS ingest_id,
    'csv' AS parser,
    'no row of the table: ' || damaged.reason AS parse_error,
    $last + row_number() OVER (ORDER BY damaged.line, damaged.position) AS place
FROM (
    SELECT
        line,
        line_byte_position AS position,
        any_value(csv_line) AS body,
        arg_min(error_message, column_idx) AS reason
    FROM fame_damaged
    GROUP BY line, line_byte_position
) AS damaged
WHERE damaged.line NOT IN (
    SELECT line_number
    FROM fame.logs
    WHERE ingest_id IN (SELECT unnest($known::INTEGER[])) AND starts_with(parse_error, 'no row of the table: ')
);
