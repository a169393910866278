-- The lines whose values decide, each with the sum of its bins' weights.
SELECT
    logs.log_id,
    logs.event_id,
    fame.value_bins(value_heads.value_head, logs.body) AS bins
FROM fame.logs AS logs
INNER JOIN fame.verdicts AS verdicts ON logs.event_id = verdicts.event_id
INNER JOIN fame.value_heads AS value_heads ON verdicts.template_id = value_heads.template_id
