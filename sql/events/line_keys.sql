-- Messages with one key have one canonical text.
CREATE OR REPLACE TEMP TABLE incoming_keys AS
SELECT
    place,
    timestamp,
    $key AS key
FROM incoming
WHERE body IS NOT NULL;
