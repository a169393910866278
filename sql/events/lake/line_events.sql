-- The number and the event of each line.
CREATE OR REPLACE TEMP TABLE incoming_places AS
SELECT
    numbered.place,
    numbered.ordinal,
    numbers.event_id
FROM incoming_order AS numbered
LEFT JOIN incoming_keys AS keys ON numbered.place = keys.place
LEFT JOIN incoming_texts AS texts ON keys.key = texts.key
LEFT JOIN incoming_numbers AS numbers ON texts.event_hash = numbers.event_hash;
