-- The number of each event of a load: that which it has, or 64 bits of its hash. A warehouse that was
-- turned into a lake has kept its numbers.
CREATE OR REPLACE TEMP TABLE incoming_numbers AS
SELECT
    incoming.event_hash,
    coalesce(any_value(stored.event_id), fame.event_number(incoming.event_hash)) AS event_id,
    count(stored.event_id) > 0 AS is_known
FROM incoming_events AS incoming
LEFT JOIN fame.event_rows AS stored
    ON incoming.event_hash = stored.event_hash AND stored.canonical IS NOT NULL
GROUP BY incoming.event_hash;
