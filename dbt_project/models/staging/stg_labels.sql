{{ select_optional_source('labels', {
    'log_id': 'bigint', 'event_id': 'bigint', 'template_id': 'varchar', 'is_anomaly': 'boolean',
    'category': 'varchar', 'source': 'varchar', 'author': 'varchar', 'evidence': 'varchar',
    'labelled_at': 'timestamp'
}) }}
