-- The SELECT of the layout is inserted below; a column that it does not have is NULL. Places order
-- the records of several sources; those of one line lie between its place and that of the next.
INSERT INTO incoming BY NAME
SELECT
    parsed.* EXCLUDE (fault)
    REPLACE (
        coalesce(severity_number, ingest_severity_number(severity_text)) AS severity_number,
        coalesce(fault, parse_error) AS parse_error,
        if(contains(body, chr(27)), ingest_without_ansi(body), body) AS body,
        coalesce(host_name, $$host) AS host_name,
        coalesce(service_name, $$service) AS service_name,
        $line_number - parts.shift AS line_number
    ),
    $line_number * $scale + $ordinal AS place,
    $$observed_timestamp AS observed_timestamp,
    parts.source_path,
    $line_count AS line_count,
    parts.ingest_id
FROM (
$select
) AS parsed
$join_records
$join_parts;
