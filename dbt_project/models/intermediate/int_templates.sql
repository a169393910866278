-- The templates and their status by labels: those of the warehouse, and those that only the model
-- of the plugin has.
with mined as (
    {{ select_optional_source('templates', {
        'template_id': 'varchar', 'template': 'varchar', 'status': 'varchar',
        'service_name': 'varchar', 'generation': 'integer', 'mined_at': 'timestamp'
    }) }}
),
used as (
    select template_id, any_value(template) as template
    from {{ ref('int_event_scores') }}
    where known_template
    group by template_id
)
select * from mined
union all
select used.template_id, used.template, 'unlabelled', null, null, null
from used
left join mined on used.template_id = mined.template_id
where mined.template_id is null
