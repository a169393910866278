CREATE OR REPLACE TEMP TABLE incoming_events AS
SELECT
    event_hash,
    any_value(canonical) AS canonical,
    min(first_place) AS first_place,
    min(first_seen) AS first_seen,
    max(last_seen) AS last_seen,
    sum(lines)::BIGINT AS lines
FROM incoming_texts
GROUP BY event_hash;
