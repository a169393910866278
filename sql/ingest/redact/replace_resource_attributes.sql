UPDATE incoming
SET resource_attributes = masked.after::JSON
FROM (
    SELECT
        unnest($before::VARCHAR[]) AS before,
        unnest($after::VARCHAR[]) AS after
) AS masked
WHERE incoming.resource_attributes::VARCHAR = masked.before;
