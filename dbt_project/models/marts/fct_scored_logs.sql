{% if var('fame_strategy') == 'microbatch' %}
{% set hours_a_batch = {'hour': 1, 'day': 24, 'month': 672, 'year': 8760}[var('fame_batch_size')] %}
{{ config(
    materialized='incremental',
    incremental_strategy='microbatch',
    event_time='log_time',
    batch_size=var('fame_batch_size'),
    begin=var('fame_begin'),
    lookback=((var('fame_lookback_hours') + hours_a_batch - 1) // hours_a_batch) | int,
    incremental_predicates=['model_version = fame_model_version()'],
    on_schema_change='append_new_columns'
) }}
{% else %}
{{ config(event_time='log_time', **get_hourly_incremental_config()) }}
{% endif %}
-- Every record with the verdict on its event, by the model in force at the time of the run; where
-- the template has a value head, the live functions score its message. Runs rewrite whole hours of
-- that model's rows; rows of other models stay.
with records as (
    select * from {{ ref('int_log_events') }}
    {% if is_incremental() and var('fame_strategy') != 'microbatch' %}
    {% set since = get_incremental_start() %}
    where log_time >= {{ since }}
        {% if not var('fame_own_logs') %}and log_day >= cast({{ since }} as date){% endif %}
    {% endif %}
),
verdicts as (
    select * from {{ ref('int_event_scores') }} where model_version = fame_model_version()
)
select
    records.log_id,
    records.log_time,
    records.log_hour,
    records.timestamp,
    records.severity_text,
    records.severity_number,
    records.service_name,
    records.host_name,
    records.trace_id,
    records.span_id,
    records.body,
    records.label,
    records.parse_error,
    records.event_hash,
    fame_model_version() as model_version,
    case
        when records.event_hash is null then 'unparsed'
        when verdicts.score is null then 'unscored'
        else 'scored'
    end as scoring_status,
    {{- verdict_columns('verdicts', every_line=true, message='records.body') }}
from records
left join verdicts on records.event_hash = verdicts.event_hash
{% if var('fame_strategy') != 'microbatch' %}{{ union_rows_of_other_models() }}{% endif %}
