UPDATE incoming
SET attributes = masked.after::JSON
FROM (
    SELECT
        unnest($before::VARCHAR[]) AS before,
        unnest($after::VARCHAR[]) AS after
) AS masked
WHERE incoming.attributes::VARCHAR = masked.before;
