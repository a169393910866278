-- What an envelope says of the records in it. Its time counts unless the record has one that agrees
-- with it, as a clock without a year or a zone may not. A priority of syslog gives its level, unless
-- the record has one.
UPDATE incoming
SET
    timestamp = CASE
        WHEN said.moment IS NULL THEN incoming.timestamp
        WHEN abs(epoch(incoming.timestamp) - epoch(said.moment)) < 900 THEN incoming.timestamp
        ELSE said.moment
    END,
    severity_text = coalesce(incoming.severity_text, said.level),
    severity_number = coalesce(incoming.severity_number, ingest_severity_number(said.level)),
    host_name = coalesce(incoming.host_name, said.host),
    service_name = coalesce(incoming.service_name, said.service),
    trace_id = coalesce(incoming.trace_id, said.trace),
    span_id = coalesce(incoming.span_id, said.span),
    attributes = CASE
        WHEN incoming.attributes IS NULL THEN nullif(said.beside, '{}')
        ELSE json_merge_patch(incoming.attributes, said.beside)
    END
FROM (
    SELECT
        line_number * $scale + ordinal AS place,
        CASE
            WHEN contains("outer", '"fame.')
                THEN json_merge_patch("outer", '{"fame.host":null,"fame.service":null,"fame.level":null,"fame.trace":null,"fame.span":null}')
            ELSE "outer"
        END AS beside,
        "outer" ->> '$."fame.host"' AS host,
        "outer" ->> '$."fame.service"' AS service,
        "outer" ->> '$."fame.trace"' AS trace,
        "outer" ->> '$."fame.span"' AS span,
        ingest_time(outer_time) AS moment,
        coalesce(
            "outer" ->> '$."fame.level"', ingest_priority_level("outer" ->> '$."syslog.priority"')
        ) AS level
    FROM records
    WHERE "outer" IS NOT NULL
) AS said
WHERE incoming.place = said.place;
