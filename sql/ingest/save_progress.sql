INSERT OR REPLACE INTO fame.ingests
SELECT
    $ingest_id AS ingest_id,
    $source_path AS source_path,
    $format AS format,
    $encoding AS encoding,
    $fingerprint AS fingerprint,
    $byte_start AS byte_start,
    $byte_end AS byte_end,
    $tail_offset AS tail_offset,
    $line_end AS line_end,
    $rows AS rows,
    $errors AS errors,
    $state AS state,
    $started_at AS started_at,
    $finished_at AS finished_at;
