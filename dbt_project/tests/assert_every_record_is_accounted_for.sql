-- On each day, records = rows scored + rows unparsed: no record is lost or counted twice. Rows of
-- lines that 'fame expire' dropped from the warehouse can stay.
{% set since = "timestamp '" ~ var('fame_tests_from') ~ "'" %}
with arrived as (
    select log_id, log_time, log_day
    from {{ ref('stg_logs') }}
    where log_time >= {{ since }} and log_day >= cast({{ since }} as date)
),
built as (
    select log_id, log_time, log_hour
    from {{ ref('fct_scored_logs') }}
    where model_version = fame_model_version()
        and scoring_status in ('scored', 'unparsed')
        and log_time >= {{ since }}
),
past as (
    select day, sum(lines) as records
    from (
        {{ select_optional_source('past_lines', {'day': 'date', 'lines': 'bigint'}) }}
    )
    where {{ not var('fame_own_logs') }}
    group by day
),
doubtful as (
    select
        coalesce(arrived_days.day, built_days.day) as day,
        coalesce(arrived_days.records, 0) as arrived,
        coalesce(built_days.records, 0) as built,
        coalesce(past.records, 0) as past
    from (
        select log_time::date as day, count(*) as records from arrived group by day
    ) as arrived_days
    full join (
        select log_time::date as day, count(*) as records from built group by day
    ) as built_days on arrived_days.day = built_days.day
    left join past on past.day = coalesce(arrived_days.day, built_days.day)
    -- If lines were dropped, equal counts do not prove that no other line is missing.
    where arrived_days.records is distinct from built_days.records or past.records > 0
),
missing as (
    select arrived.log_time::date as day, count(*) as records
    from arrived
    where arrived.log_day in (select day from doubtful)
        and not exists (
            select 1 from built
            where built.log_id = arrived.log_id and built.log_time::date in (select day from doubtful)
        )
    group by day
),
faults as (
    select
        doubtful.*,
        coalesce(missing.records, 0) as missing,
        greatest(
            doubtful.built - doubtful.arrived + coalesce(missing.records, 0) - doubtful.past, 0
        ) as surplus
    from doubtful
    left join missing on doubtful.day = missing.day
),
lookback as (
    select date_diff(
        'hour',
        (select min(day) from faults where missing > 0)::timestamp,
        (
            select max(log_hour) from built
            where log_hour <= current_timestamp at time zone 'UTC'
        )
    ) + 1 as hours
)
select
    sum(faults.missing) as missing_records,
    sum(faults.surplus) as surplus_rows,
    case
        when sum(faults.missing) > 0
            then sum(faults.missing) || ' records are not in fct_scored_logs, the first on '
                || min(faults.day) filter (where faults.missing > 0)
                || '; they arrived later than fame_lookback_hours: run dbt build --vars '
                || '''{fame_lookback_hours: ' || greatest(any_value(lookback.hours), 1) || '}'''
        else sum(faults.surplus) || ' rows of fct_scored_logs have no record in the log, or '
            || 'another row has the same record, the last on '
            || max(faults.day) filter (where faults.surplus > 0)
            || ': to keep rows of deleted records, set fame_tests_from to the first '
            || 'remaining day; to drop them, run with --full-refresh'
    end as advice
from faults
cross join lookback
having sum(faults.missing) > 0 or sum(faults.surplus) > 0
