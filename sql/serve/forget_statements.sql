-- The oldest go; of those of one moment all that moment's stay.
DELETE FROM fame.statements
WHERE asked_at < (
    SELECT min(newest.asked_at)
    FROM (SELECT asked_at FROM fame.statements ORDER BY asked_at DESC LIMIT $kept) AS newest
);
