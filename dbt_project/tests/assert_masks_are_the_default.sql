-- Somebody changed the masks of the warehouse: not wrong, but everybody should know.
{{ config(severity='warn') }}
with stored as (
    {{ optional_source('masks', {
        'ordinal': 'integer', 'name': 'varchar', 'pattern': 'varchar', 'placeholder': 'varchar'
    }) }}
)
(select * from stored except select * from {{ ref('masks') }})
union all
(
    select * from {{ ref('masks') }}
    where exists (select 1 from stored)
    except
    select * from stored
)
