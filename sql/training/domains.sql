-- The failure domains in the students' order, with the labels on their templates.
SELECT
    domains.domain AS name,
    domains.kind,
    domains.description,
    coalesce(sum(labels.normal_labels), 0)::BIGINT AS normal_labels,
    coalesce(sum(labels.anomalous_labels), 0)::BIGINT AS anomalous_labels
FROM fame.domains AS domains
LEFT JOIN fame.domain_templates AS members ON domains.domain = members.domain
LEFT JOIN fame.events AS events ON members.template_id = events.template_id
LEFT JOIN fame.event_labels AS labels ON events.event_id = labels.event_id
GROUP BY domains.domain, domains.kind, domains.description, domains.ordinal
ORDER BY domains.ordinal;
