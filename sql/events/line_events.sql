-- The number and the event of each line.
CREATE OR REPLACE TEMP TABLE incoming_places AS
SELECT
    numbered.place,
    numbered.ordinal,
    texts.event_id
FROM incoming_order AS numbered
LEFT JOIN incoming_keys AS keys ON numbered.place = keys.place
LEFT JOIN (
    SELECT
        incoming_texts.key,
        events.event_id
    FROM incoming_texts
    INNER JOIN fame.events AS events ON incoming_texts.event_hash = events.event_hash
) AS texts ON keys.key = texts.key;
