SELECT count(*)
FROM fame.events AS events
ANTI JOIN temp.__fame_events AS stored ON events.event_id = stored.event_id;
