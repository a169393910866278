-- Reads a Parquet file of another system; columns that it does not have are NULL.
INSERT INTO incoming BY NAME
SELECT
    $timestamp AS timestamp,
    $$observed_timestamp::TIMESTAMP AS observed_timestamp,
    $message AS body,
    $severity_text AS severity_text,
    $severity_number AS severity_number,
    $columns,
    $attributes AS attributes,
    $$file AS source_path,
    row_number() OVER () AS line_number,
    line_number AS place,
    0 AS byte_offset,
    1 AS line_count,
    0 AS ingest_id,
    'parquet' AS parser,
    CASE WHEN $lost THEN 'its time cannot be read' END AS parse_error
FROM read_parquet($$file, hive_partitioning = false);
