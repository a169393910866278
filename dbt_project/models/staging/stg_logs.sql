{{ config(event_time='log_time') }}
-- The log in OpenTelemetry's columns, one row per record.
with columns_named as (
    select
        {{ get_log_column('log_id', var('fame_log_id_type')) }} as log_id,
        {{ get_log_column('timestamp', 'timestamp') }} as timestamp,
        {{ get_log_column('observed_timestamp', 'timestamp') }} as observed_timestamp,
        {{ get_log_column('severity_text', 'varchar') }} as severity_text,
        {{ get_log_column('severity_number', 'integer') }} as severity_number,
        {{ get_log_column('service_name', 'varchar') }} as service_name,
        {{ get_log_column('host_name', 'varchar') }} as host_name,
        {{ get_log_column('trace_id', 'varchar') }} as trace_id,
        {{ get_log_column('span_id', 'varchar') }} as span_id,
        {{ get_log_column('body', 'varchar') }} as body,
        {{ get_log_column('label', 'varchar') }} as label,
        {{ get_log_column('parse_error', 'varchar') }} as parse_error,
        {{ get_log_column('event_id', 'bigint') }} as event_id,
        {{ get_log_day() }} as log_day
    from {{ get_log_records_relation() }} as logs
)
select
    named.* replace (
        coalesce(named.severity_number, severities.severity_number) as severity_number
    ),
    -- A record without a time is kept, in 1970.
    coalesce(named.timestamp, named.observed_timestamp, timestamp '1970-01-01') as log_time
from columns_named as named
left join {{ ref('severities') }} as severities
    on upper(named.severity_text) = severities.severity_text
