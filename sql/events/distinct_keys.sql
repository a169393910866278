-- Canonicalising costs far more than grouping, so it runs on distinct keys only.
CREATE OR REPLACE TEMP TABLE incoming_texts AS
SELECT
    *,
    md5(canonical) AS event_hash
FROM (
    SELECT
        *,
        $canonical AS canonical
    FROM (
        SELECT
            key,
            min(place) AS first_place,
            min(timestamp) AS first_seen,
            max(timestamp) AS last_seen,
            count(*) AS lines
        FROM incoming_keys
        GROUP BY key
    )
);
