{{ config(event_time='log_time') }}
-- The log in OpenTelemetry's columns, one row a record.
with columns_named as (
    select
        {{ log_column('log_id', var('fame_log_id_type')) }} as log_id,
        {{ log_column('timestamp', 'timestamp') }} as timestamp,
        {{ log_column('observed_timestamp', 'timestamp') }} as observed_timestamp,
        {{ log_column('severity_text', 'varchar') }} as severity_text,
        {{ log_column('severity_number', 'integer') }} as severity_number,
        {{ log_column('service_name', 'varchar') }} as service_name,
        {{ log_column('host_name', 'varchar') }} as host_name,
        {{ log_column('trace_id', 'varchar') }} as trace_id,
        {{ log_column('span_id', 'varchar') }} as span_id,
        {{ log_column('body', 'varchar') }} as body,
        {{ log_column('label', 'varchar') }} as label,
        {{ log_column('parse_error', 'varchar') }} as parse_error,
        {{ log_column('event_id', 'integer') }} as event_id,
        {{ log_day() }} as log_day
    from {{ log_records() }} as logs
)
select
    named.* replace (
        coalesce(named.severity_number, severities.severity_number) as severity_number
    ),
    -- A record without any time is kept, at the beginning of time.
    coalesce(named.timestamp, named.observed_timestamp, timestamp '1970-01-01') as log_time
from columns_named as named
left join {{ ref('severities') }} as severities
    on upper(named.severity_text) = severities.severity_text
