SELECT
    (SELECT count(*) FROM changed_lines) AS lines,
    (SELECT count(DISTINCT event_hash) FROM changed_lines) AS events,
    (SELECT count(*) FROM empty_events) AS dropped;
