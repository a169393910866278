UNION ALL
SELECT
    $columns,
    day
FROM read_parquet([$files], hive_partitioning = true, hive_types = {'day': DATE})
