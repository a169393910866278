-- The domain of each template, as its index in the students' order.
SELECT
    members.template_id,
    domains.ordinal
FROM fame.domain_templates AS members
INNER JOIN fame.domains AS domains ON members.domain = domains.domain
ORDER BY members.template_id;
