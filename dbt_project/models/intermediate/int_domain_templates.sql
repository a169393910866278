-- The templates of each domain, with the domain's kind.
with membership as (
    {{ select_optional_source('domain_templates', {
        'domain': 'varchar', 'template_id': 'varchar'
    }) }}
)
select membership.template_id, membership.domain, domains.kind
from membership
inner join {{ ref('int_domains') }} as domains on membership.domain = domains.domain
