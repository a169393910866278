-- The suspects that a page shows, in its order: each with what joins it below it.
SELECT *
FROM fame.suspects
WHERE status <> 'normal' AND suspicion > 0
ORDER BY leader, rank;
