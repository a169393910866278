INSERT OR REPLACE INTO fame.answers
SELECT
    given.template_id,
    fame.provisional_template(any_value(events.canonical)) AS template,
    given.label,
    given.source,
    given.author,
    given.evidence,
    $answered_at AS answered_at
FROM given_answers AS given
INNER JOIN fame.provisional_events AS noticed ON given.template_id = noticed.template_id
INNER JOIN fame.events AS events ON noticed.event_id = events.event_id
GROUP BY given.template_id, given.label, given.source, given.author, given.evidence;
