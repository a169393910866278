-- A hash of what a training reads: the same inputs need no new training.
SELECT md5(string_agg(line, chr(10) ORDER BY line)) AS inputs
FROM (
    SELECT concat_ws('|', 'label', event_id, normal_labels, anomalous_labels) AS line
    FROM fame.event_labels
    UNION ALL
    SELECT concat_ws('|', 'domain', domain, ordinal, kind) FROM fame.domains
    UNION ALL
    SELECT concat_ws('|', 'member', domain, template_id) FROM fame.domain_templates
    UNION ALL
    SELECT concat_ws('|', 'mask', ordinal, pattern, placeholder) FROM fame.masks
    UNION ALL
    SELECT concat_ws('|', 'split', until_time, until_log_id, calibrate_time, calibrate_log_id)
    FROM fame.splits
);
