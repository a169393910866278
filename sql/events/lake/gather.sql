-- One row for each event again, of all that loads have added.
CREATE OR REPLACE TEMP TABLE gathered_events AS
FROM fame.events
ORDER BY event_id;

DELETE FROM fame.event_rows;

INSERT INTO fame.event_rows BY NAME
FROM gathered_events;

DROP TABLE gathered_events;
