-- The rows of partition files: the columns of fame.logs, and the day, which names the folder.
CREATE OR REPLACE TEMP TABLE partition_lines AS
SELECT
    lines.*,
    coalesce(lines.timestamp, lines.observed_timestamp)::DATE AS day
FROM (
$lines
) AS lines;
