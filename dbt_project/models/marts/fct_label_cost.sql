-- The cost of labels: labels by source, and calls of language models with tokens and money.
with labels as (
    select
        'labels' as kind,
        source as name,
        count(*) as items,
        count(*) filter (where is_anomaly) as anomalous,
        count(distinct template_id) as templates,
        0::bigint as tokens_in,
        0::bigint as tokens_out,
        0::double as cost_usd,
        if(source = 'human', count(*) * {{ var('fame_minutes_per_label') }} / 60.0, 0)::double
            as engineer_hours
    from {{ ref('int_labels') }}
    group by source
),
calls as (
    select
        'calls' as kind,
        calls.model as name,
        count(*) as items,
        null::bigint as anomalous,
        null::bigint as templates,
        coalesce(sum(calls.tokens_in), 0)::bigint as tokens_in,
        coalesce(sum(calls.tokens_out), 0)::bigint as tokens_out,
        -- NULL, never 0, if neither the provider nor the price table has a price.
        if(
            bool_and(calls.cost_usd is not null or prices.model is not null),
            sum(coalesce(
                calls.cost_usd,
                (
                    coalesce(calls.tokens_in, 0) * prices.usd_per_million_tokens_in
                    + coalesce(calls.tokens_out, 0) * prices.usd_per_million_tokens_out
                ) / 1e6
            )),
            null
        )::double as cost_usd,
        0::double as engineer_hours
    from {{ ref('stg_llm_calls') }} as calls
    left join {{ ref('prices') }} as prices on calls.model = prices.model
    group by calls.model
)
select * from labels
union all
select * from calls
