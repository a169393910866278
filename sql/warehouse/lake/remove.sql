-- Remove files that no snapshot needs any more, from an age on: others may be reading them.
SELECT count(*)
FROM ducklake_cleanup_old_files('$lake', older_than => now() - to_seconds($seconds));
