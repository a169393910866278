SELECT
    (SELECT count(*) FROM fame.logs) AS lines,
    (SELECT count(*) FROM fame.logs WHERE parse_error IS NOT NULL) AS parse_errors,
    (SELECT count(DISTINCT body) FROM fame.logs) AS distinct_messages,
    (SELECT count(*) FROM fame.events) AS canonical_events,
    (SELECT count(*) FROM fame.templates) AS templates;
