-- Files of the lake that no snapshot has. A load under way has such files too, so only those from an
-- age on are named: a file is called after the moment at which it was begun (UUID version 7).
WITH known AS (
    SELECT parse_filename(path) AS name FROM __ducklake_metadata_$lake.ducklake_data_file
    UNION ALL
    SELECT parse_filename(path) FROM __ducklake_metadata_$lake.ducklake_delete_file
    UNION ALL
    SELECT parse_filename(path) FROM __ducklake_metadata_$lake.ducklake_files_scheduled_for_deletion
),
present AS (
    SELECT
        file,
        parse_filename(file) AS name,
        regexp_extract(file, 'ducklake-([0-9a-f]{8})-([0-9a-f]{4})-7', ['first', 'second']) AS moment
    FROM glob('$data**')
)
SELECT file
FROM present
WHERE
    name NOT IN (SELECT name FROM known)
    AND coalesce(
        try_cast('0x' || moment.first || moment.second AS BIGINT)
        < epoch_ms(now()) - 1000 * $seconds,
        true
    )
ORDER BY file;
