SELECT
    (SELECT count(*) FROM fame.ingests) AS loads,
    (SELECT count(*) FROM fame.logs) AS lines,
    (
        SELECT coalesce(sum(lines), 0)::BIGINT FROM fame.partitions WHERE state = 'stored'
    ) AS lines_in_partitions,
    (SELECT count(*) FROM fame.logs WHERE parse_error IS NOT NULL) AS parse_errors,
    (SELECT count(*) FROM fame.events) AS events,
    (SELECT count(*) FROM fame.templates) AS templates,
    (SELECT count(*) FROM fame.events WHERE template_id IS NULL) AS unmatched_events,
    (SELECT count(*) FROM fame.labels) AS labels,
    (
        SELECT count(DISTINCT answered.template_id)
        FROM fame.answered_events AS answered
        INNER JOIN fame.events AS events ON answered.event_id = events.event_id
        WHERE events.template_id IS NULL
    ) AS answers_to_learn,
    (SELECT count(*) FROM fame.domains) AS domains,
    (
        SELECT count(*) FROM fame.templates
        ANTI JOIN fame.domain_templates ON templates.template_id = domain_templates.template_id
    ) AS templates_without_domain,
    (SELECT count(*) FROM fame.models) AS models,
    (SELECT count(*) FROM fame.verdicts) AS scored_events,
    (SELECT any_value(model_version) FROM fame.champion) AS model_version;
