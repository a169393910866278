{% if var('fame_own_logs') %}
{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='event_hash'
) }}
-- One row per canonical event. The order in which lines arrive makes no difference.
with seen as (
    select
        event_hash,
        min(body) as example,
        min(log_time) as first_seen,
        max(log_time) as last_seen
    from {{ ref('int_log_events') }}
    where event_hash is not null
        {% if is_incremental() %}
        and log_time >= {{ get_incremental_start('last_seen', versioned=false) }}
        {% endif %}
    group by event_hash
)
{% if is_incremental() %}
select
    seen.event_hash,
    case when known.canonical is null then fame_canonical(seen.example) else known.canonical end
        as canonical,
    least(seen.example, known.example) as example,
    least(seen.first_seen, known.first_seen) as first_seen,
    greatest(seen.last_seen, known.last_seen) as last_seen
from seen
left join {{ this }} as known on seen.event_hash = known.event_hash
{% else %}
select event_hash, fame_canonical(example) as canonical, example, first_seen, last_seen from seen
{% endif %}
{% else %}
select event_hash, canonical, example, first_seen, last_seen from {{ source('fame', 'events') }}
{% endif %}
