DROP TABLE IF EXISTS fame_damaged;
DROP TABLE IF EXISTS fame_damaged_scans;
