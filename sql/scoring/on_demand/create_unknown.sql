-- The canonical texts that are not stored, numbered to be read in slices.
CREATE OR REPLACE TEMP TABLE __fame_unscored AS
SELECT
    NULL::BIGINT AS event_id,
    texts.canonical,
    row_number() OVER () - 1 AS place
FROM (SELECT DISTINCT canonical FROM temp.__fame_keys) AS texts
ANTI JOIN temp.__fame_known AS known ON texts.canonical = known.canonical;
