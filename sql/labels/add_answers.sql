MERGE INTO fame.answers
USING (
    SELECT
        given.template_id,
        fame.provisional_template(any_value(events.canonical)) AS template,
        given.label,
        given.source,
        given.author,
        given.evidence,
        $answered_at::TIMESTAMP AS answered_at
    FROM given_answers AS given
    INNER JOIN fame.provisional_events AS noticed ON given.template_id = noticed.template_id
    INNER JOIN fame.events AS events ON noticed.event_id = events.event_id
    GROUP BY given.template_id, given.label, given.source, given.author, given.evidence
) AS named
    ON answers.template_id = named.template_id AND answers.source = named.source
WHEN MATCHED THEN UPDATE SET
    template = named.template,
    label = named.label,
    author = named.author,
    evidence = named.evidence,
    answered_at = named.answered_at
WHEN NOT MATCHED THEN INSERT VALUES (
    named.template_id,
    named.template,
    named.label,
    named.source,
    named.author,
    named.evidence,
    named.answered_at
);
