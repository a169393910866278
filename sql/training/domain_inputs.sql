-- For each domain, a hash of what its scores depend on: its kind and the labels from which its
-- expert learns. Templates without labels have no effect on training.
SELECT
    domain,
    md5(string_agg(line, chr(10) ORDER BY line)) AS inputs
FROM (
    SELECT domain, concat_ws('|', 'kind', kind) AS line FROM fame.domains
    UNION ALL
    SELECT
        members.domain,
        concat_ws('|', 'label', events.event_hash, labels.normal_labels, labels.anomalous_labels)
    FROM fame.event_labels AS labels
    INNER JOIN fame.events AS events ON labels.event_id = events.event_id
    INNER JOIN fame.domain_templates AS members ON events.template_id = members.template_id
)
GROUP BY domain;
