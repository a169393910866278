-- What a warehouse tells of the inputs of a comparison of costs. A token is about three bytes.
SELECT
    count(*) AS lines,
    greatest(1, date_diff('second', min(timestamp), max(timestamp))) / 86400.0 AS days,
    avg(strlen(coalesce(body, ''))) / 3.0 AS tokens_per_line,
    count(DISTINCT coalesce(service_name, '')) AS services,
    (SELECT count(*) FROM fame.templates) AS templates,
    (SELECT count(*) FROM fame.labels WHERE source = 'llm' AND log_id IS NOT NULL) AS labelled,
    (
        SELECT sum(cost_usd) FROM fame.llm_calls
        WHERE stage IN ('label', 'partition', 'merge', 'place')
    ) AS pass_usd,
    (
        SELECT sum(lines) FILTER (WHERE NOT known_template) / nullif(sum(lines), 0)
        FROM fame.verdicts
        INNER JOIN fame.events USING (event_id)
    ) AS unknown_share
FROM fame.logs;
