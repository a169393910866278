-- The oldest and the newest state of a lake.
SELECT
    min(snapshot_id) AS first_id,
    min(snapshot_time) AT TIME ZONE 'UTC' AS first_time,
    max(snapshot_id) AS last_id,
    max(snapshot_time) AT TIME ZONE 'UTC' AS last_time
FROM ducklake_snapshots($name);
