INSERT INTO temp.__fame_events
SELECT
    event_id,
    score,
    is_anomaly,
    domain,
    domain_confidence,
    novelty,
    template_id,
    template,
    known_template,
    threshold,
    model_version
FROM new_verdicts;
