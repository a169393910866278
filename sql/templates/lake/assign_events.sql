INSERT INTO fame.event_rows BY NAME
SELECT
    event_id,
    template_id,
    0 AS lines
FROM matched_events;
