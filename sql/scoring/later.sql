-- Lines after the split by label and verdict, and the number of unseen templates or events.
SELECT
    count(*)::BIGINT AS lines,
    count(*) FILTER (WHERE label IS NOT NULL)::BIGINT AS labelled,
    count(*) FILTER (WHERE NOT known_template)::BIGINT AS unseen_lines,
    count(DISTINCT CASE WHEN NOT known_template THEN member END)::BIGINT AS unseen_members,
    count(*) FILTER (WHERE known_template AND reported AND is_normal)::BIGINT AS known_false,
    count(*) FILTER (WHERE NOT known_template AND reported AND is_normal)::BIGINT AS unseen_false,
    count(*) FILTER (WHERE known_template AND reported AND NOT is_normal)::BIGINT AS known_found,
    count(*) FILTER (WHERE NOT known_template AND reported AND NOT is_normal)::BIGINT
        AS unseen_found,
    count(*) FILTER (WHERE NOT known_template AND NOT is_normal)::BIGINT AS unseen_anomalies
FROM (
    SELECT
        logs.label,
        verdicts.known_template OR verdicts.answer IS NOT NULL AS known_template,
        $is_anomaly AS reported,
        list_contains($normal, lower(logs.label)) AS is_normal,
        coalesce(events.template_id, events.event_hash) AS member
    FROM fame.log_periods AS logs
    INNER JOIN fame.events AS events ON logs.event_id = events.event_id
    INNER JOIN fame.verdicts AS verdicts ON logs.event_id = verdicts.event_id$value_heads
    WHERE logs.period = 'later'
);
