{{ select_optional_source('models', {
    'model_version': 'varchar', 'path': 'varchar', 'recipe_version': 'varchar',
    'stage': 'varchar', 'created_at': 'timestamp', 'promoted_at': 'timestamp'
}) }}
