INSERT INTO fame.second_opinions BY NAME
SELECT
    $incident_id AS incident_id,
    $revision AS revision,
    $request_hash AS request_hash,
    $model AS model,
    $permission AS permission,
    $opinion_severity AS opinion_severity,
    $opinion_type AS opinion_type,
    $summary AS summary,
    $evidence::BIGINT[] AS evidence,
    $disproof AS disproof,
    $proposal AS proposal,
    $cost_usd AS cost_usd,
    $asked_at AS asked_at;
