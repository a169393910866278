-- Lines in partitions are lines of the lake now, so only those that were dropped are past.
CREATE OR REPLACE TEMP TABLE still_past AS
SELECT past.* REPLACE (past.lines - coalesce(present.lines, 0) AS lines)
FROM (
    SELECT
        day,
        service_name,
        event_id,
        sum(lines)::BIGINT AS lines,
        min(first_time) AS first_time,
        max(last_time) AS last_time,
        max(last_log_id) AS last_log_id,
        sum(bins)::BIGINT AS bins,
        any_value(bins_model) AS bins_model
    FROM fame.past_lines
    GROUP BY day, service_name, event_id
) AS past
LEFT JOIN (
    SELECT
        coalesce(timestamp, observed_timestamp)::DATE AS day,
        service_name,
        event_id,
        count(*) AS lines
    FROM read_parquet([$files])
    GROUP BY ALL
) AS present
    ON
        past.day = present.day
        AND past.service_name IS NOT DISTINCT FROM present.service_name
        AND past.event_id IS NOT DISTINCT FROM present.event_id
WHERE past.lines > coalesce(present.lines, 0);

DELETE FROM fame.past_lines;

INSERT INTO fame.past_lines BY NAME
FROM still_past;

DROP TABLE still_past;
