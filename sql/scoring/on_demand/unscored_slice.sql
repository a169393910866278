SELECT
    event_id,
    canonical
FROM temp.__fame_unscored
WHERE place >= ? AND place < ?
ORDER BY place;
