-- The count anomalies of the warehouse, as 'fame counts' or 'fame alert' found them last.
{{ select_optional_source('count_anomalies', {
    'service_name': 'varchar', 'template_id': 'varchar', 'template': 'varchar', 'kind': 'varchar',
    'window_start': 'timestamp', 'window_end': 'timestamp', 'lines': 'bigint',
    'expected': 'double', 'service_lines': 'bigint', 'g': 'double', 'p_value': 'double',
    'p_adjusted': 'double', 'found_at': 'timestamp'
}) }}
