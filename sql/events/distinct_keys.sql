-- Canonicalising costs far more than grouping, so it runs on few texts: on distinct keys, of which
-- those that differ in numbers alone have one shorter key.
CREATE OR REPLACE TEMP TABLE incoming_texts AS
WITH keyed AS MATERIALIZED (
    SELECT
        *,
        $short_key AS short_key
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
),

texts AS (
    SELECT
        *,
        md5(canonical) AS event_hash
    FROM (
        SELECT
            short_key,
            $canonical AS canonical
        FROM (SELECT DISTINCT short_key FROM keyed)
    )
)

SELECT
    keyed.* EXCLUDE (short_key),
    texts.canonical,
    texts.event_hash
FROM keyed
INNER JOIN texts ON keyed.short_key = texts.short_key;
