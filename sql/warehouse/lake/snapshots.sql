-- The newest snapshot, and the oldest that is not expired.
SELECT
    (SELECT id FROM ducklake_current_snapshot($name)) AS newest,
    (SELECT min(snapshot_id) FROM ducklake_snapshots($name)) AS oldest;
