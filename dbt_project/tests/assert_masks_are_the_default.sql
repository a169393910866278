-- Somebody changed the masks of the warehouse: not wrong, but everybody should know.
{{ config(severity='warn') }}
with stored as (
    {{ optional_source('masks', {
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
    'fame.masks are not the default: if that is meant, disable this test in dbt_project.yml' as advice
from changed
