UPDATE incoming
SET body = masked.after
FROM (
    SELECT
        unnest($before::VARCHAR[]) AS before,
        unnest($after::VARCHAR[]) AS after
) AS masked
WHERE incoming.body = masked.before;
