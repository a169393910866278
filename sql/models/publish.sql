-- A model that is published again keeps its stage.
INSERT OR REPLACE INTO fame.models VALUES (
    $model_version,
    $path,
    $manifest_hash,
    $recipe_version,
    $metrics,
    coalesce(
        (SELECT stage FROM fame.models WHERE model_version = $model_version), 'candidate'
    ),
    $now,
    (SELECT promoted_at FROM fame.models WHERE model_version = $model_version)
);
