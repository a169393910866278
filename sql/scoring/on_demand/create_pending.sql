-- All events of the warehouse without a verdict.
CREATE OR REPLACE TEMP TABLE __fame_pending AS
SELECT events.event_id
FROM fame.events AS events
ANTI JOIN temp.__fame_events AS stored ON events.event_id = stored.event_id;
