-- A model that is published again keeps its stage.
MERGE INTO fame.models
USING (
    SELECT
        $model_version AS model_version,
        $path AS path,
        $manifest_hash AS manifest_hash,
        $recipe_version AS recipe_version,
        $metrics AS metrics,
        $now::TIMESTAMP AS created_at
) AS given
    ON models.model_version = given.model_version
WHEN MATCHED THEN UPDATE SET
    path = given.path,
    manifest_hash = given.manifest_hash,
    recipe_version = given.recipe_version,
    metrics = given.metrics,
    created_at = given.created_at
WHEN NOT MATCHED THEN INSERT VALUES (
    given.model_version,
    given.path,
    given.manifest_hash,
    given.recipe_version,
    given.metrics,
    'candidate',
    given.created_at,
    NULL
);
