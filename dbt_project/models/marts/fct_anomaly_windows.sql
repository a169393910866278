{{ config(
    materialized='incremental',
    incremental_strategy='incidents',
    on_schema_change='append_new_columns'
) }}
-- Bursts gathered into incidents: anomalies of a service with no gap longer than
-- fame_incident_gap_minutes. A run gathers anew from the start of those that may still grow.
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
    select service_name, least(min(first_seen), {{ first_hour('last_seen') }}) as since
    from {{ this }}
    where model_version = fame_model_version() and last_seen >= {{ reopened_after() }}
    group by service_name
),
chosen as (
    select anomalies.*
    from anomalies
    left join reopened on anomalies.service_name = reopened.service_name
    where anomalies.log_time >= coalesce(reopened.since, {{ first_hour('last_seen') }})
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
-- A running sum: DuckDB computes it in one pass, but a running count with a filter anew for each
-- row.
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
{{ rows_of_other_models() }}
