{{ config(event_time='log_time') }}
{% if var('fame_own_logs') %}
{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='log_hour'
) }}
{% endif %}
-- Every record with its canonical event, which is NULL for a record without a message.
{% if var('fame_own_logs') %}
with records as (
    select * from {{ ref('stg_logs') }}
    {% if is_incremental() %}where log_time >= {{ get_incremental_start(versioned=false) }}{% endif %}
),
-- Canonicalising costs far more than DISTINCT, so it is done once per distinct message.
messages as (
    select body, md5(fame_canonical(body)) as event_hash
    from (select distinct body from records where body is not null)
)
select
    records.* exclude (event_id, log_day),
    messages.event_hash,
    date_trunc('hour', records.log_time) as log_hour
from records
left join messages on records.body = messages.body
{% else %}
select
    logs.* exclude (event_id),
    events.event_hash,
    date_trunc('hour', logs.log_time) as log_hour
from {{ ref('stg_logs') }} as logs
left join {{ source('fame', 'events') }} as events on logs.event_id = events.event_id
{% endif %}
