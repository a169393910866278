-- Rows in = rows scored + rows unparsed: nothing is dropped, nothing comes twice.
with came as (select count(*) as records from {{ ref('stg_logs') }}),
went as (
    select
        count(*) filter (where scoring_status = 'scored') as scored,
        count(*) filter (where scoring_status = 'unparsed') as unparsed
    from {{ ref('fct_scored_logs') }}
    where model_version = fame_model_version()
)
select
    came.records,
    went.scored,
    went.unparsed,
    'rows came later than fame_lookback_hours, or were deleted: run with --full-refresh' as advice
from came
cross join went
where came.records <> went.scored + went.unparsed
