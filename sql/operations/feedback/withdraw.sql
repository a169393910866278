-- Take back what was said of the things that are named and still holds.
UPDATE fame.feedback SET withdrawn_at = $now, withdrawn_by = $author
FROM named_things AS named
WHERE feedback.is_anomaly = $is_anomaly
    AND feedback.withdrawn_at IS NULL
    AND CASE
        WHEN named.incident_id IS NOT NULL THEN feedback.incident_id = named.incident_id
        WHEN named.log_id IS NOT NULL THEN feedback.log_id = named.log_id
        ELSE feedback.template_id = named.template_id AND feedback.incident_id IS NULL
    END;
