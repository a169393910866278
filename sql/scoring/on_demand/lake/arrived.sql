-- The events whose text came after a snapshot.
SELECT count(*) FROM ducklake_table_insertions('$lake', 'fame', 'event_rows', $first, $last)
WHERE canonical IS NOT NULL;
