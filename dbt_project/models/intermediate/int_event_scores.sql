{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns'
) }}
-- The verdict of each model on each event. A new event is judged once, by the live functions; a new
-- champion adds rows for its own version.
with judged as (
    select
        events.event_hash,
        fame_verdict(events.example) as verdict
    from {{ ref('int_events') }} as events
    where fame_model_version() is not null
        {% if is_incremental() %}
        and not exists (
            select 1 from {{ this }} as known
            where known.event_hash = events.event_hash
                and known.model_version = fame_model_version()
        )
        {% endif %}
)
select
    verdict.model_version as model_version,
    event_hash,
    {{- verdict_columns('verdict') }}
from judged
{{ union_rows_of_other_models() }}
