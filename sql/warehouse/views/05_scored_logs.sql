-- Every log line with the champion's verdict; NULL, never 'normal', where it is not scored.
CREATE OR REPLACE VIEW fame.scored_logs AS
SELECT
    logs.*,
    $verdict_columns
FROM fame.logs AS logs
LEFT JOIN fame.verdicts AS verdicts ON logs.event_id = verdicts.event_id$value_heads;
