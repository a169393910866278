-- Canonicalising costs far more than DISTINCT, so it runs on distinct messages only.
CREATE OR REPLACE TEMP TABLE incoming_bodies AS
SELECT
    body,
    canonical,
    md5(canonical) AS event_hash
FROM (
    SELECT
        body,
        $canonical AS canonical
    FROM (SELECT DISTINCT body FROM incoming WHERE body IS NOT NULL)
);
