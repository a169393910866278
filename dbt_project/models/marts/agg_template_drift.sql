-- Changes in the log: the lines of each pattern in the last hours, compared with the hours before
-- by a test with a known error rate (see the descriptions of p_value and is_significant).
with hours as (
    select * from {{ ref('agg_template_hourly') }} where model_version = fame_model_version()
),
bounds as (
    select
        stop - interval ({{ var('fame_drift_hours') }}) hour as middle,
        greatest(
            start,
            stop - interval ({{ var('fame_drift_hours') + var('fame_drift_reference_hours') }}) hour
        ) as first_hour,
        stop
    from (select min(log_hour) as start, max(log_hour) + interval 1 hour as stop from hours)
),
exposures as (
    select
        middle,
        first_hour,
        {{ var('fame_drift_hours') }}::double as recent_hours,
        date_diff('hour', first_hour, middle)::double as reference_hours
    from bounds
    where first_hour < middle
),
hourly as (
    select hours.pattern_id, hours.log_hour, sum(hours.lines) as lines
    from hours
    cross join exposures
    where hours.log_hour >= exposures.first_hour
    group by hours.pattern_id, hours.log_hour
),
counted as (
    select
        hourly.pattern_id,
        exposures.recent_hours,
        exposures.reference_hours,
        coalesce(sum(hourly.lines) filter (where hourly.log_hour >= exposures.middle), 0)::bigint
            as recent_lines,
        coalesce(sum(hourly.lines) filter (where hourly.log_hour < exposures.middle), 0)::bigint
            as reference_lines,
        coalesce(
            sum(hourly.lines * hourly.lines) filter (where hourly.log_hour < exposures.middle), 0
        )::double as reference_squares
    from hourly
    cross join exposures
    group by hourly.pattern_id, exposures.recent_hours, exposures.reference_hours
),
-- Lines come in bursts: the variance per hour, divided by the mean, is the factor by which a
-- Poisson model would overstate the evidence. Hours without a line count as zero.
dispersed as (
    select
        *,
        (recent_lines + reference_lines)::double as n,
        recent_hours / (recent_hours + reference_hours) as share,
        case
            when reference_lines > 0 and reference_hours > 1
                then greatest(
                    1,
                    (reference_squares - reference_lines * reference_lines / reference_hours)
                    / (reference_hours - 1) / (reference_lines / reference_hours)
                )
            else 1
        end as dispersion
    from counted
),
-- If nothing changed, the number of recent lines among n is binomial with this share. Its tail is
-- at most exp(-n KL(observed share, share)); this bound holds for any n.
bounded as (
    select
        *,
        least(1, 2 * exp(-(
            if(recent_lines = 0, 0, recent_lines * ln(recent_lines / n / share))
            + if(reference_lines = 0, 0, reference_lines * ln(reference_lines / n / (1 - share)))
        ) / dispersion)) as p_value
    from dispersed
),
-- The step-up procedure of Benjamini and Hochberg, over all patterns.
adjusted as (
    select
        *,
        least(1, min(p_value * patterns / position) over (
            order by position desc rows unbounded preceding
        )) as p_adjusted
    from (
        select
            *,
            count(*) over () as patterns,
            row_number() over (order by p_value, pattern_id) as position
        from bounded
    )
)
select
    pattern_id,
    case
        when reference_lines = 0 then 'new'
        when recent_lines = 0 then 'gone'
        when recent_lines / recent_hours >= reference_lines / reference_hours then 'spiking'
        else 'falling'
    end as change,
    p_adjusted <= {{ var('fame_drift_alpha') }} as is_significant,
    recent_lines,
    reference_lines,
    recent_lines / recent_hours as recent_lines_per_hour,
    reference_lines / reference_hours as reference_lines_per_hour,
    dispersion,
    p_value,
    p_adjusted
from adjusted
