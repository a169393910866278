-- The events of the lines just read that have no verdict yet.
INSERT INTO fame.incident_waiting
SELECT
    logs.event_id,
    min(logs.log_id) AS first_log_id
FROM $lines AS logs
ANTI JOIN fame.verdicts AS verdicts ON logs.event_id = verdicts.event_id
ANTI JOIN fame.incident_waiting AS waiting ON logs.event_id = waiting.event_id
WHERE logs.log_id > $after AND logs.log_id <= $until AND logs.event_id IS NOT NULL
GROUP BY logs.event_id;
