-- All events, where it is not known what was read before.
CREATE OR REPLACE TEMP TABLE arrived_events AS
SELECT
    event_id,
    canonical,
    template_id,
    lines
FROM fame.events;
