-- The same by the domain that the second model gives, the most changed lines first.
SELECT
    b.domain,
    count(*) AS events,
    sum(events.lines)::BIGINT AS lines,
    count(*) FILTER (WHERE (a.score > $threshold) <> (b.score > $threshold)) AS changed_events,
    coalesce(sum(events.lines) FILTER (WHERE (a.score > $threshold) <> (b.score > $threshold)), 0)::BIGINT
        AS changed_lines,
    count(*) FILTER (WHERE a.domain <> b.domain) AS from_other_domains,
    avg(abs(b.score - a.score)) AS mean_difference,
    max(abs(b.score - a.score)) AS largest_difference
FROM fame.scores AS a
INNER JOIN fame.scores AS b ON a.event_id = b.event_id
INNER JOIN fame.events AS events ON a.event_id = events.event_id
WHERE a.model_version = $first AND b.model_version = $second
GROUP BY b.domain
ORDER BY changed_lines DESC, lines DESC, b.domain;
