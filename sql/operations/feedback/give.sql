-- One row for each thing that is named; what an incident is made of is filled in afterwards.
INSERT INTO fame.feedback BY NAME
SELECT
    named.log_id,
    named.event_id,
    named.template_id,
    named.incident_id,
    champion.model_version,
    scores.score,
    $is_anomaly AS is_anomaly,
    $author AS author,
    $reason AS comment,
    $now AS created_at,
    $expires_at AS expires_at,
    $for_ever AS for_ever
FROM named_things AS named
LEFT JOIN fame.champion AS champion ON true
LEFT JOIN fame.scores AS scores
    ON named.event_id = scores.event_id AND champion.model_version = scores.model_version
ORDER BY named.incident_id, named.log_id, named.template_id;
