-- The incidents of the warehouse, as 'fame incidents' or 'fame alert' brought them up to date last.
select
    stored.*,
    date_diff('second', stored.first_seen, stored.last_seen) as seconds
from (
    {{ select_optional_source('incidents', {
        'incident_id': 'varchar', 'fingerprint': 'varchar', 'state': 'varchar',
        'severity': 'varchar', 'severity_percentile': 'integer', 'service_name': 'varchar',
        'domain': 'varchar', 'template': 'varchar', 'anomaly': 'varchar',
        'first_seen': 'timestamp', 'last_seen': 'timestamp', 'lines': 'bigint',
        'lines_to_read': 'bigint', 'counts': 'bigint', 'worst_score': 'double',
        'confidence': 'double', 'silenced': 'boolean', 'known': 'varchar', 'revision': 'integer'
    }) }}
) as stored
