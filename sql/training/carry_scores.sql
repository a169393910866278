-- Verdicts that another model gives as well, taken over without judging anything again: those of
-- known templates that stayed in domains that did not change, of events that are still of that
-- template. Taken over once, however often it is asked for.
INSERT INTO fame.scores BY NAME
SELECT given.* REPLACE ($model_version AS model_version)
FROM fame.scores AS given
INNER JOIN fame.events AS events
    ON given.event_id = events.event_id AND given.template_id = events.template_id
INNER JOIN fame.domain_templates AS members
    ON given.template_id = members.template_id AND given.domain = members.domain
ANTI JOIN (SELECT event_id FROM fame.scores WHERE model_version = $model_version) AS stored
    ON given.event_id = stored.event_id
WHERE
    given.model_version = $parent
    AND given.known_template
    AND list_contains($domains, given.domain);
