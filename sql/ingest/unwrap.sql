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
    attributes = CASE
        WHEN incoming.attributes IS NULL THEN nullif(said."outer", '{}')
        ELSE json_merge_patch(incoming.attributes, said."outer")
    END
FROM (
    SELECT
        line_number * $scale + ordinal AS place,
        "outer",
        ingest_time(outer_time) AS moment,
        ingest_priority_level("outer" ->> '$."syslog.priority"') AS level
    FROM records
    WHERE "outer" IS NOT NULL
) AS said
WHERE incoming.place = said.place;
