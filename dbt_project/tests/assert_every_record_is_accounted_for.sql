-- Rows in = rows scored + rows unparsed: nothing is dropped, nothing comes twice.
with came as (
    select count(*) as records
    from {{ ref('stg_logs') }}
    where log_time >= timestamp '{{ var('fame_tests_from') }}'
),
went as (
    select
        count(*) filter (where scoring_status = 'scored') as scored,
        count(*) filter (where scoring_status = 'unparsed') as unparsed
    from {{ ref('fct_scored_logs') }}
    where model_version = fame_model_version()
        and log_time >= timestamp '{{ var('fame_tests_from') }}'
)
select
    came.records,
    went.scored,
    went.unparsed,
    'rows came later than fame_lookback_hours, or were deleted: run with --full-refresh' as advice
from came
cross join went
where came.records <> went.scored + went.unparsed
