-- The failure domains, with their numbers of templates and lines.
with members as (
    select domain, count(*) as templates from {{ ref('int_domain_templates') }} group by domain
),
counted as (
    select
        domain,
        sum(lines)::bigint as lines,
        sum(anomalous_lines)::bigint as anomalous_lines
    from {{ ref('agg_template_hourly') }}
    where model_version = fame_model_version()
    group by domain
)
select
    domains.domain,
    domains.description,
    domains.kind,
    domains.source,
    domains.certified,
    coalesce(members.templates, 0) as templates,
    coalesce(counted.lines, 0) as lines,
    coalesce(counted.anomalous_lines, 0) as anomalous_lines
from {{ ref('int_domains') }} as domains
left join members on domains.domain = members.domain
left join counted on domains.domain = counted.domain
