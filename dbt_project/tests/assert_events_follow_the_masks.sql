-- The newest events were canonicalised with the masks of the model in force.
select
    event_hash,
    canonical,
    fame_canonical(example) as canonical_now,
    'restore fame.masks or, where the log is a table of your own, run with --full-refresh' as advice
from (select * from {{ ref('int_events') }} order by last_seen desc, event_hash limit 1000)
where md5(fame_canonical(example)) <> event_hash
