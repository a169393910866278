-- The events whose verdict two models differ on, those of the most lines first.
SELECT
    events.event_hash,
    events.lines,
    a.score AS first_score,
    b.score AS second_score,
    a.domain AS first_domain,
    b.domain AS second_domain,
    a.known_template AS first_known,
    b.known_template AS second_known,
    events.canonical
FROM fame.scores AS a
INNER JOIN fame.scores AS b ON a.event_id = b.event_id
INNER JOIN fame.events AS events ON a.event_id = events.event_id
WHERE
    a.model_version = $first
    AND b.model_version = $second
    AND (a.score > $threshold) <> (b.score > $threshold)
ORDER BY events.lines DESC, events.event_id
LIMIT $at_most;
