-- The templates, with their numbers of lines and their times.
with counted as (
    select
        template_id,
        sum(lines)::bigint as lines,
        sum(anomalous_lines)::bigint as anomalous_lines,
        min(first_seen) as first_seen,
        max(last_seen) as last_seen
    from {{ ref('agg_template_hourly') }}
    where model_version = fame_model_version() and template_id is not null
    group by template_id
)
select
    templates.template_id,
    templates.template,
    templates.status,
    membership.domain,
    coalesce(counted.lines, 0) as lines,
    coalesce(counted.anomalous_lines, 0) as anomalous_lines,
    counted.first_seen,
    counted.last_seen
from {{ ref('int_templates') }} as templates
left join {{ ref('int_domain_templates') }} as membership
    on templates.template_id = membership.template_id
left join counted on templates.template_id = counted.template_id
