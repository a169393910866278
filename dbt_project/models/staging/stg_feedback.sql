{{ select_optional_source('feedback', {
    'log_id': 'bigint', 'event_id': 'bigint', 'model_version': 'varchar', 'score': 'double',
    'is_anomaly': 'boolean', 'author': 'varchar', 'comment': 'varchar', 'created_at': 'timestamp'
}) }}
