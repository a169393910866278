-- From when to when each feedback holds. A dismissal without an end holds for 14 days unless it is
-- for ever; a confirmation holds until it is withdrawn. Without an author, a reason and exactly one
-- thing that it names, neither does. An incident is named by what it was made of.
CREATE OR REPLACE VIEW fame.feedback_periods AS
SELECT
    feedback.*,
    least(
        CASE
            WHEN feedback.is_anomaly OR feedback.for_ever THEN feedback.expires_at
            ELSE coalesce(feedback.expires_at, feedback.created_at + INTERVAL 14 DAY)
        END,
        feedback.withdrawn_at
    ) AS until_time,
    coalesce(trim(feedback.author), '') <> '' AND coalesce(trim(feedback.comment), '') <> ''
    AND CASE
        WHEN feedback.incident_id IS NOT NULL
            THEN feedback.anomaly IS NOT NULL AND feedback.log_id IS NULL
        WHEN feedback.template_id IS NOT NULL THEN feedback.log_id IS NULL
        ELSE feedback.event_id IS NOT NULL
    END AS is_complete
FROM fame.feedback AS feedback;
