-- Lines of the warehouse's own file and of its partitions; this is the view without partitions.
CREATE OR REPLACE VIEW fame.all_logs AS
SELECT
    logs.*,
    coalesce(logs.timestamp, logs.observed_timestamp)::DATE AS day
FROM fame.logs AS logs;
