{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['model_version', 'event_hash'],
    on_schema_change='append_new_columns'
) }}
-- The verdict of each model on each event. A new event is judged once, by the live functions, and
-- again where the answer about its template has changed; a new champion adds rows for its own
-- version. Where the template has a value head, the score is that of the event's example, which
-- lines that come late can change, so these are judged in each run.
with answered as (
    {{ select_events_with_answers(ref('int_events')) }}
),
judged as (
    select
        answered.event_hash,
        fame_verdict(answered.example) as verdict
    from answered
    where fame_model_version() is not null
        {% if is_incremental() %}
        and not exists (
            select 1 from {{ this }} as known
            where known.event_hash = answered.event_hash
                and known.model_version = fame_model_version()
                and not fame_has_value_head(known.template_id)
                {% if has_column(this, 'answer') -%}
                and known.answer is not distinct from answered.answer
                {%- else -%}
                and answered.answer is null
                {%- endif %}
        )
        {% endif %}
)
select
    verdict.model_version as model_version,
    event_hash,
    {{- verdict_columns('verdict') }}
from judged
{{ union_rows_of_other_models() }}
