-- Numbers of events are hashes and those of lines have gaps, but each commit is a snapshot.
SELECT
    id AS last_event,
    id AS last_line
FROM ducklake_current_snapshot(current_database());
