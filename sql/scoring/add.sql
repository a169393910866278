-- Verdicts that another connection has stored in the meantime are not stored twice.
INSERT INTO fame.scores
SELECT
    new_verdicts.model_version,
    new_verdicts.event_id,
    new_verdicts.score,
    new_verdicts.domain,
    new_verdicts.domain_confidence,
    new_verdicts.novelty,
    new_verdicts.template_id,
    new_verdicts.known_template,
    new_verdicts.threshold,
    $scored_at AS scored_at
FROM new_verdicts
ANTI JOIN fame.scores AS stored
    ON
        new_verdicts.event_id = stored.event_id
        AND new_verdicts.model_version = stored.model_version;
