-- Every event has a verdict of the model in force.
select
    events.event_hash,
    'run dbt build --select int_event_scores+' as advice
from {{ ref('int_events') }} as events
left join {{ ref('int_event_scores') }} as scores
    on events.event_hash = scores.event_hash and scores.model_version = fame_model_version()
where scores.event_hash is null
