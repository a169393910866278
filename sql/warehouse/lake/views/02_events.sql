-- One row is one event: what all loads have added to it.
CREATE OR REPLACE VIEW fame.events AS
SELECT
    event_id,
    any_value(event_hash) AS event_hash,
    any_value(canonical) AS canonical,
    arg_min(example, first_log_id) AS example,
    max(template_id) AS template_id,
    min(first_log_id) AS first_log_id,
    min(first_seen) AS first_seen,
    max(last_seen) AS last_seen,
    coalesce(sum(lines), 0)::BIGINT AS lines
FROM fame.event_rows
GROUP BY event_id;
