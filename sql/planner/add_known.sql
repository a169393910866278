INSERT INTO temp.__fame_known
SELECT
    new_texts.canonical,
    new_texts.score,
    new_texts.is_anomaly,
    new_texts.domain,
    new_texts.domain_confidence,
    new_texts.novelty,
    new_texts.template_id,
    new_texts.template,
    new_texts.known_template,
    new_texts.threshold,
    new_texts.model_version
FROM new_texts;
