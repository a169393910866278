-- Counts that are made again: $table is one of the tables of counts.
DELETE FROM fame.$table
WHERE bucket IN (SELECT bucket FROM touched_buckets WHERE NOT is_past);
