-- The number and the event of each line. Numbers are counted here, since a window over whole lines
-- copies them.
CREATE OR REPLACE TEMP TABLE incoming_places AS
SELECT
    numbered.place,
    numbered.ordinal,
    numbers.event_id
FROM (SELECT place, row_number() OVER (ORDER BY place) AS ordinal FROM incoming) AS numbered
LEFT JOIN incoming_keys AS keys ON numbered.place = keys.place
LEFT JOIN incoming_texts AS texts ON keys.key = texts.key
LEFT JOIN incoming_numbers AS numbers ON texts.event_hash = numbers.event_hash;
