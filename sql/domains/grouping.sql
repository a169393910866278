SELECT
    domains.domain,
    domains.description,
    domains.source,
    coalesce(
        list(members.template_id ORDER BY members.template_id)
            FILTER (WHERE members.template_id IS NOT NULL),
        []
    ) AS template_ids
FROM fame.domains AS domains
LEFT JOIN fame.domain_templates AS members ON domains.domain = members.domain
GROUP BY domains.domain, domains.description, domains.source, domains.ordinal
ORDER BY domains.ordinal;
