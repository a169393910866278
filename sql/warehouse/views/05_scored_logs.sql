-- Every log line with the champion's verdict; NULL, never 'normal', where it has given none.
CREATE OR REPLACE VIEW fame.scored_logs AS
SELECT
    logs.*,
    verdicts.score,
    verdicts.is_anomaly,
    verdicts.domain,
    verdicts.domain_confidence,
    verdicts.novelty,
    verdicts.template_id,
    verdicts.template,
    verdicts.known_template,
    verdicts.threshold,
    verdicts.model_version
FROM fame.logs AS logs
LEFT JOIN fame.verdicts AS verdicts ON logs.event_id = verdicts.event_id;
