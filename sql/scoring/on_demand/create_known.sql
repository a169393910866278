-- What is stored of the canonical texts that a query needs.
CREATE OR REPLACE TEMP TABLE __fame_known AS
SELECT
    texts.canonical,
    stored.* EXCLUDE (event_id)
FROM (SELECT DISTINCT canonical FROM temp.__fame_keys) AS texts
INNER JOIN fame.events AS events ON texts.canonical = events.canonical
INNER JOIN temp.__fame_events AS stored ON events.event_id = stored.event_id;
