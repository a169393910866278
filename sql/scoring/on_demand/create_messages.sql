-- The answer for each distinct message of one source.
CREATE OR REPLACE TEMP TABLE __fame_messages_$number AS
SELECT
    keys.message,
    known.* EXCLUDE (canonical)
FROM temp.__fame_keys AS keys
INNER JOIN temp.__fame_known AS known ON keys.canonical = known.canonical;
