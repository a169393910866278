-- The answer for each distinct message of one source, where values decide some.
CREATE OR REPLACE TEMP TABLE __fame_messages_$number AS
SELECT
    keys.message,
    known.* EXCLUDE (canonical) REPLACE ($score AS score, $score > $threshold AS is_anomaly)
FROM temp.__fame_keys AS keys
INNER JOIN temp.__fame_known AS known ON keys.canonical = known.canonical
LEFT JOIN temp.__fame_heads AS value_heads ON known.template_id = value_heads.template_id;
