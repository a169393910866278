-- The lines of a warehouse by load and event; those of a lake also as they were at a moment.
-- A load is known again in a copy of the warehouse.
SELECT
    concat_ws(' ', ingests.started_at, ingests.fingerprint, ingests.byte_start) AS load,
    events.event_hash,
    coalesce(any_value(events.template_id), fame.provisional_id(any_value(events.canonical))) AS template_id,
    coalesce(
        any_value(templates.template), fame.provisional_template(any_value(events.canonical))
    ) AS template,
    count(*) AS lines,
    max(logs.log_id) AS log_id
FROM fame.all_logs AS logs $moment
INNER JOIN fame.events AS events $moment ON logs.event_id = events.event_id
LEFT JOIN fame.templates AS templates $moment ON events.template_id = templates.template_id
LEFT JOIN fame.ingests AS ingests $moment ON logs.ingest_id = ingests.ingest_id
GROUP BY ALL;
