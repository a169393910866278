INSERT INTO fame.scores
SELECT
    model_version,
    event_id,
    score,
    domain,
    domain_confidence,
    novelty,
    template_id,
    known_template,
    threshold,
    $scored_at AS scored_at
FROM new_verdicts;
