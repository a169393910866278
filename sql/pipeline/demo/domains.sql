SELECT
    domains.domain,
    domains.kind,
    count(members.template_id) AS templates,
    domains.description
FROM fame.domains AS domains
LEFT JOIN fame.domain_templates AS members ON domains.domain = members.domain
GROUP BY ALL
ORDER BY domains.kind, templates DESC, domains.domain;
