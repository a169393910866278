-- The events whose text came between two snapshots, by the lake's own record of changes.
CREATE OR REPLACE TEMP TABLE arrived_events AS
SELECT
    event_id,
    any_value(canonical) AS canonical,
    NULL::VARCHAR AS template_id,
    sum(lines)::BIGINT AS lines
FROM ducklake_table_insertions('$lake', 'fame', 'event_rows', $first, $last)
WHERE canonical IS NOT NULL
GROUP BY event_id;
