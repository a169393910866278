-- The SELECT of the format is inserted below; a column that it does not have is NULL.
INSERT INTO incoming BY NAME
SELECT
    * EXCLUDE (fault)
    REPLACE (
        coalesce(severity_number, ingest_severity_number(severity_text)) AS severity_number,
        coalesce(fault, parse_error) AS parse_error
    ),
    $observed_timestamp AS observed_timestamp,
    $source_path AS source_path,
    1 AS line_count,
    $ingest_id AS ingest_id,
    $parser AS parser
FROM (
$select
);
