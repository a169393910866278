-- The training period.
SELECT
    splits.fraction,
    (SELECT min(log_time) FROM fame.log_periods WHERE period <> 'later') AS from_time,
    splits.until_time,
    splits.until_log_id,
    splits.lines
FROM fame.splits AS splits;
