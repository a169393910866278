-- The failure domains of the warehouse, and those that occur only in verdicts.
with certified as (
    {{ select_optional_source('domains', {
        'domain': 'varchar', 'description': 'varchar', 'kind': 'varchar', 'source': 'varchar',
        'certified': 'boolean'
    }) }}
),
used as (select distinct domain from {{ ref('int_event_scores') }})
select * from certified
union all
select used.domain, used.domain, 'unknown', 'model', false
from used
left join certified on used.domain = certified.domain
where certified.domain is null
