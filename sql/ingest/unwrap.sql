-- What an envelope says of the records in it. Its time counts unless the record has one that agrees
-- with it, as a clock without a year or a zone may not.
UPDATE incoming
SET
    timestamp = CASE
        WHEN ingest_time(records.outer_time) IS NULL THEN incoming.timestamp
        WHEN abs(epoch(incoming.timestamp) - epoch(ingest_time(records.outer_time))) < 900
            THEN incoming.timestamp
        ELSE ingest_time(records.outer_time)
    END,
    attributes = CASE
        WHEN incoming.attributes IS NULL THEN records.outer
        ELSE json_merge_patch(incoming.attributes, records.outer)
    END
FROM records
WHERE incoming.place = records.line_number * $scale + records.ordinal
    AND records.outer IS NOT NULL;
