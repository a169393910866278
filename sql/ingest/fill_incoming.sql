-- The SELECT of the format is inserted below; a column that it does not have is NULL. The numbers
-- of its lines are places.
INSERT INTO incoming BY NAME
SELECT
    parsed.* EXCLUDE (fault)
    REPLACE (
        coalesce(severity_number, ingest_severity_number(severity_text)) AS severity_number,
        coalesce(fault, parse_error) AS parse_error,
        parsed.line_number - parts.shift AS line_number
    ),
    parsed.line_number AS place,
    $$observed_timestamp AS observed_timestamp,
    parts.source_path,
    1 AS line_count,
    parts.ingest_id,
    $$parser AS parser
FROM (
$select
) AS parsed
$join_parts;
