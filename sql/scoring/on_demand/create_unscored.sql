-- The events that a query would have to score, in slices of texts.
CREATE OR REPLACE TEMP TABLE __fame_unscored AS
SELECT
    events.event_id,
    events.canonical,
    row_number() OVER (ORDER BY events.event_id) - 1 AS place
FROM fame.events AS events
SEMI JOIN temp.__fame_wanted AS wanted ON events.event_id = wanted.event_id
ANTI JOIN temp.__fame_events AS stored ON events.event_id = stored.event_id;
