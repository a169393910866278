-- The first row of an imported file whose label is neither normal nor anomalous.
SELECT
    row_number,
    label
FROM resolved_labels
WHERE is_anomaly IS NULL
ORDER BY row_number::INTEGER
LIMIT 1;
