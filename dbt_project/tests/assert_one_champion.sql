-- A warehouse with models has exactly one champion.
select
    count(*) as models,
    count(*) filter (where stage = 'champion') as champions,
    'run fame models promote VERSION --why TEXT with the version to use' as advice
from {{ ref('stg_models') }}
having count(*) > 0 and count(*) filter (where stage = 'champion') <> 1
