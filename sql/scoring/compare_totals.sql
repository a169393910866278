-- How far the verdicts of two models differ on the events that both have judged.
SELECT
    count(*) AS events,
    coalesce(sum(events.lines), 0)::BIGINT AS lines,
    count(*) FILTER (WHERE (a.score > $threshold) <> (b.score > $threshold)) AS changed_events,
    coalesce(sum(events.lines) FILTER (WHERE (a.score > $threshold) <> (b.score > $threshold)), 0)::BIGINT
        AS changed_lines,
    count(*) FILTER (WHERE a.score <= $threshold AND b.score > $threshold) AS newly_anomalous_events,
    coalesce(sum(events.lines) FILTER (WHERE a.score <= $threshold AND b.score > $threshold), 0)::BIGINT
        AS newly_anomalous_lines,
    count(*) FILTER (WHERE a.score > $threshold AND b.score <= $threshold) AS newly_normal_events,
    coalesce(sum(events.lines) FILTER (WHERE a.score > $threshold AND b.score <= $threshold), 0)::BIGINT
        AS newly_normal_lines,
    count(*) FILTER (WHERE a.domain <> b.domain) AS other_domain_events,
    coalesce(sum(events.lines) FILTER (WHERE a.domain <> b.domain), 0)::BIGINT
        AS other_domain_lines,
    avg(abs(b.score - a.score)) AS mean_difference,
    sum(events.lines * abs(b.score - a.score)) / nullif(sum(events.lines), 0)
        AS mean_difference_by_lines,
    max(abs(b.score - a.score)) AS largest_difference
FROM fame.scores AS a
INNER JOIN fame.scores AS b ON a.event_id = b.event_id
INNER JOIN fame.events AS events ON a.event_id = events.event_id
WHERE a.model_version = $first AND b.model_version = $second;
