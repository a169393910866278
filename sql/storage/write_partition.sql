-- Writes the lines of one day as a Parquet file. COPY takes no parameters.
COPY (
    SELECT * EXCLUDE (day) FROM partition_lines
    WHERE day = DATE $day
    ORDER BY log_id
) TO $file (FORMAT parquet, COMPRESSION zstd);
