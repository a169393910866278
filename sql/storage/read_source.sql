-- Lines of a Parquet file, in the columns that a log line has.
CREATE OR REPLACE TEMP TABLE incoming AS
SELECT $columns
FROM read_parquet($file, hive_partitioning = false);
