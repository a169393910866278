-- The lines of all_logs with the champion's verdict, as in fame.scored_logs.
CREATE OR REPLACE VIEW fame.all_scored_logs AS
SELECT
    logs.*,
    $verdict_columns
FROM fame.all_logs AS logs
LEFT JOIN fame.verdicts AS verdicts ON logs.event_id = verdicts.event_id$value_heads;
