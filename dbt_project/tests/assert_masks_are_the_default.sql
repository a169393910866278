-- The masks of the warehouse are the default ones; other masks are allowed, so this only warns.
{{ config(severity='warn') }}
with stored as (
    {{ select_optional_source('masks', {
        'ordinal': 'integer', 'name': 'varchar', 'pattern': 'varchar', 'placeholder': 'varchar'
    }) }}
),
changed as (
    (select * from stored except select * from {{ ref('masks') }})
    union all
    (
        select * from {{ ref('masks') }}
        where exists (select 1 from stored)
        except
        select * from stored
    )
)
select
    *,
    'fame.masks are not the default: if this is intended, disable this test in dbt_project.yml' as advice
from changed
