-- Canonicalising costs far more than DISTINCT, so only distinct messages pay for it.
CREATE OR REPLACE TEMP TABLE __fame_keys AS
SELECT
    message,
    $canonical AS canonical
FROM temp.__fame_wanted
WHERE message IS NOT NULL;
