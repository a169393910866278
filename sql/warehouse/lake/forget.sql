-- Forget snapshots before an age; the newest stays.
SELECT count(*)
FROM ducklake_expire_snapshots('$lake', older_than => now() - to_seconds($seconds));
