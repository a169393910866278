SELECT
    name,
    content
FROM fame.model_files
WHERE model_version = ?
ORDER BY name;
