-- Every label with its source. If sources disagree on an event, the first of these decides: a
-- person, the data set, a language model, a rule.
with ranked as (
    select
        labels.*,
        case labels.source when 'human' then 1 when 'dataset' then 2 when 'llm' then 3 else 4 end
            as authority
    from {{ ref('stg_labels') }} as labels
)
select
    ranked.*,
    ranked.authority = min(ranked.authority) over (partition by ranked.event_id) as decides
from ranked
