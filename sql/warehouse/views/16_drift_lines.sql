-- The lines that drift compares: those of the calibration slice, and the newest 10,000 of the file
-- that came after the training period.
CREATE OR REPLACE VIEW fame.drift_lines AS
WITH newest AS (
    SELECT log_id FROM fame.logs ORDER BY log_id DESC LIMIT 10000
)
SELECT
    periods.log_id,
    periods.log_time,
    periods.period = 'later' AS is_recent,
    coalesce(periods.service_name, '') AS service_name,
    coalesce(events.template_id, fame.provisional_id(events.canonical)) AS template_id,
    coalesce(verdicts.known_template OR verdicts.answer IS NOT NULL, false) AS is_known,
    verdicts.score,
    events.event_id
FROM fame.log_periods AS periods
INNER JOIN fame.events AS events ON periods.event_id = events.event_id
LEFT JOIN fame.verdicts AS verdicts ON periods.event_id = verdicts.event_id
WHERE
    periods.period = 'calibration'
    OR (periods.period = 'later' AND periods.log_id IN (SELECT log_id FROM newest));
