-- Rows of a table of the schema fame, and the bytes of the blocks that it uses in the file. Blocks
-- that two tables share are counted for both.
WITH segments AS (
    SELECT
        block_id,
        additional_block_ids
    FROM pragma_storage_info($qualified_name)
    WHERE persistent
),
blocks AS (
    SELECT block_id FROM segments
    UNION
    SELECT unnest(additional_block_ids) AS block_id FROM segments
)
SELECT
    (
        SELECT estimated_size FROM duckdb_tables()
        WHERE
            database_name = current_database()
            AND schema_name = 'fame'
            AND table_name = $table_name
    ) AS rows,
    (SELECT count(*) FROM blocks WHERE block_id >= 0)
    * (SELECT block_size FROM pragma_database_size() WHERE database_name = current_database())
        AS bytes;
