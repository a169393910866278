-- The first rows of an imported file that name nothing in the warehouse.
SELECT
    row_number,
    name
FROM resolved_labels
WHERE event_id IS NULL
ORDER BY row_number::INTEGER
LIMIT 3;
