-- The numbers after which lines and loads are counted on.
SELECT
    (SELECT coalesce(max(log_id), 0) FROM fame.logs) AS log_id,
    (SELECT coalesce(max(ingest_id), 0) FROM fame.ingest_rows) AS ingest_id;
