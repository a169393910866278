SELECT id FROM ducklake_current_snapshot(current_database());
