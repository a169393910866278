-- When a model was made the champion, by whom and why, the first time first.
SELECT
    promoted_at,
    author,
    reason
FROM fame.promotions
WHERE model_version = $model_version
ORDER BY promoted_at;
