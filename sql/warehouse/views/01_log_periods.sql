-- The period of each line: training, calibration (the last part of training) or later.
CREATE OR REPLACE VIEW fame.log_periods AS
SELECT
    logs.*,
    coalesce(logs.timestamp, logs.observed_timestamp) AS log_time,
    CASE
        WHEN coalesce(logs.timestamp, logs.observed_timestamp) > splits.until_time
            OR (
                coalesce(logs.timestamp, logs.observed_timestamp) = splits.until_time
                AND logs.log_id > splits.until_log_id
            )
            THEN 'later'
        WHEN coalesce(logs.timestamp, logs.observed_timestamp) > splits.calibrate_time
            OR (
                coalesce(logs.timestamp, logs.observed_timestamp) = splits.calibrate_time
                AND logs.log_id > splits.calibrate_log_id
            )
            THEN 'calibration'
        ELSE 'training'
    END AS period
FROM fame.logs
CROSS JOIN fame.splits;
