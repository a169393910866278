-- Whether a template has become known for an event that is counted under another one.
SELECT count(*) > 0
FROM fame.counted_events AS counted
INNER JOIN fame.events AS events ON counted.event_id = events.event_id
WHERE counted.matched_id IS DISTINCT FROM events.template_id;
