{{ config(materialized='table') }}
-- Events that match no template of the model in force.
select
    events.event_hash,
    events.canonical,
    events.example,
    events.first_seen,
    events.last_seen,
    scores.score,
    scores.domain,
    scores.novelty
from {{ ref('int_events') }} as events
inner join {{ ref('int_event_scores') }} as scores on events.event_hash = scores.event_hash
where scores.model_version = fame_model_version() and not scores.known_template
