-- Lines of the warehouse and of the partitions. Columns are listed by name, since those of existing
-- files never change.
CREATE OR REPLACE VIEW fame.all_logs AS
SELECT
    $columns,
    coalesce(timestamp, observed_timestamp)::DATE AS day
FROM fame.logs
$partitions;
