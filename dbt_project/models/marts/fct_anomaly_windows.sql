{{ config(
    materialized='incremental',
    incremental_strategy='incidents',
    on_schema_change='append_new_columns'
) }}
-- Incidents: anomalies of a service without a gap longer than fame_incident_gap_minutes. An
-- incremental run collects incidents that can still grow again, from their start.
with anomalies as (
    select
        log_time,
        log_id,
        coalesce(service_name, '') as service_name,
        host_name,
        event_hash,
        domain,
        score
    from {{ ref('fct_anomalies') }}
    where model_version = fame_model_version()
),
{% if is_incremental() %}
reopened as (
    select service_name, least(min(first_seen), {{ get_incremental_start('last_seen') }}) as since
    from {{ this }}
    where model_version = fame_model_version() and last_seen >= {{ get_open_incidents_start() }}
    group by service_name
),
chosen as (
    select anomalies.*
    from anomalies
    left join reopened on anomalies.service_name = reopened.service_name
    where anomalies.log_time >= coalesce(reopened.since, {{ get_incremental_start('last_seen') }})
),
{% else %}
chosen as (select * from anomalies),
{% endif %}
ordered as (
    select
        *,
        lag(log_time) over (partition by service_name order by log_time, log_id) as previous
    from chosen
),
-- DuckDB computes a running sum in one pass, but repeats a running count with a filter for
-- each row.
numbered as (
    select
        *,
        sum(
            (
                previous is null
                or log_time - previous > interval ({{ var('fame_incident_gap_minutes') }}) minute
            )::integer
        ) over (
            partition by service_name order by log_time, log_id rows unbounded preceding
        ) as burst
    from ordered
)
select
    md5(fame_model_version() || ' ' || service_name || ' ' || min(log_time)::varchar)
        as incident_id,
    fame_model_version() as model_version,
    service_name,
    min(log_time) as first_seen,
    max(log_time) as last_seen,
    count(*) as anomalous_lines,
    count(distinct event_hash) as lines_to_read,
    count(distinct host_name) as hosts,
    array_to_string(list_sort(list(distinct domain)), ', ') as domains,
    max(score) as worst_score
from numbered
group by service_name, burst
{{ union_rows_of_other_models() }}
