-- What to look at first, without a model: the groups of lines of suspect_lines in the order of
--     said + gate * (volume + concentration)
-- docs/design/suspects.md says why, and what was measured. Bursts and late beginnings are shown,
-- and do not count.
CREATE OR REPLACE VIEW fame.suspects AS
WITH RECURSIVE
lines AS MATERIALIZED (SELECT * FROM fame.suspect_lines),
-- What people, a language model or the log itself say of events. A rule knows no more than levels.
labelled AS (
    SELECT
        event_labels.event_id,
        event_labels.anomalous_labels / (event_labels.anomalous_labels + event_labels.normal_labels) AS share
    FROM fame.event_labels AS event_labels
    WHERE event_labels.source <> 'rule'
),
-- Two imagined labels say that a phrase, or a level, means what it says; real ones are added.
phrase_trust AS (
    SELECT
        words.phrase,
        (sum(labelled.share) + 2) / (count(*) + 2) AS trust
    FROM labelled
    INNER JOIN fame.failure_words AS words ON labelled.event_id = words.event_id
    GROUP BY words.phrase
),
severity_trust AS (
    SELECT
        severities.severity,
        (sum(labelled.share) + 2) / (count(*) + 2) AS trust
    FROM labelled
    INNER JOIN (SELECT DISTINCT event_id, severity FROM lines) AS severities
        ON labelled.event_id = severities.event_id
    GROUP BY severities.severity
),
suspect_labels AS (
    SELECT
        members.suspect_id,
        min(labelled.share) AS least,
        max(labelled.share) AS most
    FROM labelled
    INNER JOIN (SELECT DISTINCT suspect_id, event_id FROM lines) AS members
        ON labelled.event_id = members.event_id
    GROUP BY members.suspect_id
),
counted AS (
    SELECT
        suspect_id,
        arg_max(event_id, (polarity, -log_id)) AS event_id,
        arg_max(body, (polarity, -log_id)) AS example,
        arg_max(phrase, (polarity, -log_id)) AS phrase,
        arg_max(severity_text, (polarity, -log_id)) AS severity_text,
        max(severity) AS severity,
        max(polarity) AS polarity,
        max(polarity) * CASE WHEN any_value(severity_text) IS NOT NULL AND max(severity) = 0 THEN 0.5 ELSE 1 END AS words,
        count(*) AS lines,
        count(timestamp) AS timed_lines,
        min(timestamp) AS first_seen,
        max(timestamp) AS last_seen
    FROM lines
    GROUP BY suspect_id
),
-- Where lines come from: the first address in a line, or its host. It tells nothing in a log with
-- fewer than five of them, nor for a host if it is the only one with such lines.
origins AS (
    SELECT suspect_id, 'address' AS kind, address AS origin FROM lines WHERE address IS NOT NULL
    UNION ALL
    SELECT suspect_id, 'host' AS kind, host_name AS origin FROM lines WHERE host_name IS NOT NULL
),
origin_lines AS (
    SELECT
        suspect_id,
        kind,
        origin,
        count(*) AS lines
    FROM origins
    GROUP BY ALL
),
known_kinds AS (
    SELECT kind
    FROM origin_lines
    GROUP BY kind
    HAVING count(DISTINCT origin) >= 5
),
top_origins AS (
    SELECT
        origin_lines.suspect_id,
        origin_lines.kind,
        arg_max(origin, (lines, origin)) AS origin,
        max(lines) AS lines,
        count(*) AS different
    FROM origin_lines
    INNER JOIN known_kinds ON origin_lines.kind = known_kinds.kind
    GROUP BY origin_lines.suspect_id, origin_lines.kind
),
concentrated AS (
    SELECT
        counted.suspect_id,
        arg_min(top_origins.origin, top_origins.kind) AS origin,
        arg_min(top_origins.lines, top_origins.kind) AS origin_lines
    FROM counted
    INNER JOIN top_origins ON counted.suspect_id = top_origins.suspect_id
    WHERE counted.lines >= 10 AND top_origins.lines >= counted.lines / 2
        AND (top_origins.kind = 'address' OR top_origins.different > 1)
    GROUP BY counted.suspect_id
),
-- The log's time in sixty parts.
span AS (
    SELECT
        min(timestamp) AS start,
        greatest(epoch(max(timestamp)) - epoch(min(timestamp)), 1) AS seconds,
        count(timestamp) AS lines
    FROM lines
),
binned AS (
    SELECT
        lines.suspect_id,
        least(59, floor(60 * (epoch(lines.timestamp) - epoch(span.start)) / span.seconds))::INTEGER AS bin,
        count(*) AS lines
    FROM lines
    CROSS JOIN span
    WHERE lines.timestamp IS NOT NULL
    GROUP BY ALL
),
-- Three parts in a row, from each part with lines.
windows AS (
    SELECT
        here.suspect_id,
        here.bin,
        sum(near.lines) AS lines
    FROM binned AS here
    INNER JOIN binned AS near
        ON here.suspect_id = near.suspect_id AND near.bin BETWEEN here.bin AND here.bin + 2
    GROUP BY here.suspect_id, here.bin
),
fullest AS (
    SELECT
        suspect_id,
        arg_max(bin, (lines, -bin)) AS bin,
        max(lines) AS lines
    FROM windows
    GROUP BY suspect_id
),
all_windows AS (
    SELECT
        here.bin,
        sum(near.lines) AS lines
    FROM (SELECT DISTINCT bin FROM binned) AS here
    INNER JOIN binned AS near ON near.bin BETWEEN here.bin AND here.bin + 2
    GROUP BY here.bin
),
-- Half of the lines, four times the share of all other lines.
bursts AS (
    SELECT
        counted.suspect_id,
        fullest.lines AS burst_lines,
        span.start + to_seconds(span.seconds * fullest.bin / 60) AS burst_start,
        span.start + to_seconds(span.seconds * (fullest.bin + 3) / 60) AS burst_stop
    FROM counted
    INNER JOIN fullest ON counted.suspect_id = fullest.suspect_id
    INNER JOIN all_windows ON fullest.bin = all_windows.bin
    CROSS JOIN span
    WHERE counted.timed_lines >= 5 AND span.seconds >= 60
        AND fullest.lines >= counted.timed_lines / 2
        AND fullest.lines * (span.lines - counted.timed_lines)
        >= 4 * counted.timed_lines * (all_windows.lines - fullest.lines)
),
weighed AS (
    SELECT
        counted.*,
        greatest(
            counted.severity * coalesce(severity_trust.trust, 1),
            counted.words * coalesce(phrase_trust.trust, 1)
        )
        + 0.5 * least(
            counted.severity * coalesce(severity_trust.trust, 1),
            counted.words * coalesce(phrase_trust.trust, 1)
        ) AS said,
        least(1.5, 0.5 * log10(counted.lines)) AS volume,
        concentrated.origin,
        concentrated.origin_lines,
        coalesce(concentrated.origin_lines / counted.lines, 0) AS concentration,
        bursts.burst_lines,
        bursts.burst_start,
        bursts.burst_stop,
        counted.timed_lines >= 10
        AND epoch(counted.first_seen) - epoch(span.start) >= 0.2 * span.seconds AS is_new
    FROM counted
    CROSS JOIN span
    LEFT JOIN severity_trust ON counted.severity = severity_trust.severity
    LEFT JOIN phrase_trust ON counted.phrase = phrase_trust.phrase
    LEFT JOIN concentrated ON counted.suspect_id = concentrated.suspect_id
    LEFT JOIN bursts ON counted.suspect_id = bursts.suspect_id
),
scored AS (
    SELECT
        *,
        round(
            said
            + CASE WHEN said >= 1 THEN 1 WHEN said > 0 THEN 0.5 ELSE 0.25 END * (volume + concentration),
            4
        ) AS suspicion
    FROM weighed
),
ranked AS (
    SELECT
        row_number() OVER (ORDER BY suspicion DESC, lines DESC, suspect_id)::INTEGER AS rank,
        *
    FROM scored
),
-- The first hundred that say anything of a failure are compared with each other: suspects that come and go together, or that say
-- nearly the same, are one matter.
compared AS (
    SELECT
        ranked.rank,
        ranked.suspect_id,
        ranked.lines,
        logs.parser = 'access' AS is_request,
        list_distinct(
            list_filter(
                string_split(
                    trim(regexp_replace(lower(regexp_replace(events.canonical, '<[a-z]+>', ' ', 'g')), '[^a-z'']+', ' ', 'g')),
                    ' '
                ),
                lambda word: len(word) > 1
            )
        ) AS words
    FROM ranked
    INNER JOIN fame.events AS events ON ranked.event_id = events.event_id
    INNER JOIN fame.logs AS logs ON events.first_log_id = logs.log_id
    WHERE ranked.rank <= 100 AND ranked.said > 0
),
-- How many lines more or fewer each part of the time has than the log as a whole would give it.
profile AS (
    SELECT
        bin,
        sum(lines) / sum(sum(lines)) OVER () AS share
    FROM binned
    GROUP BY bin
),
surplus AS (
    SELECT
        compared.suspect_id,
        profile.bin,
        coalesce(binned.lines, 0) - compared.lines * profile.share AS lines
    FROM compared
    CROSS JOIN profile
    LEFT JOIN binned ON compared.suspect_id = binned.suspect_id AND profile.bin = binned.bin
),
products AS (
    SELECT
        one.suspect_id AS one_id,
        two.suspect_id AS two_id,
        sum(one.lines * two.lines) AS product
    FROM surplus AS one
    INNER JOIN surplus AS two ON one.bin = two.bin
    GROUP BY ALL
),
alike AS (
    SELECT
        higher.rank AS higher,
        lower.rank AS rank
    FROM compared AS higher
    INNER JOIN compared AS lower ON higher.rank < lower.rank
    LEFT JOIN products ON higher.suspect_id = products.one_id AND lower.suspect_id = products.two_id
    LEFT JOIN products AS own ON higher.suspect_id = own.one_id AND higher.suspect_id = own.two_id
    LEFT JOIN products AS other ON lower.suspect_id = other.one_id AND lower.suspect_id = other.two_id
    WHERE (
        least(higher.lines, lower.lines) >= 5
        AND greatest(higher.lines, lower.lines) <= 3 * least(higher.lines, lower.lines)
        AND products.product >= 0.8 * sqrt(own.product) * sqrt(other.product)
    ) OR (
        NOT higher.is_request AND NOT lower.is_request
        AND len(list_intersect(higher.words, lower.words)) >= 2
        AND 2 * len(list_intersect(higher.words, lower.words))
        >= len(list_distinct(list_concat(higher.words, lower.words)))
    )
),
leaders AS (
    SELECT rank, rank AS leader FROM ranked WHERE rank NOT IN (FROM alike SELECT rank)
    UNION ALL
    SELECT nearest.rank, leaders.leader
    FROM leaders
    INNER JOIN (SELECT rank, min(higher) AS higher FROM alike GROUP BY rank) AS nearest
        ON leaders.rank = nearest.higher
)
SELECT
    ranked.rank,
    ranked.suspicion,
    CASE
        WHEN suspect_labels.most = 0 THEN NULL
        WHEN ranked.suspicion >= 4.5 AND ranked.said >= 3 THEN 'strong'
        WHEN ranked.suspicion >= 3 THEN 'worth a look'
    END AS strength,
    leaders.leader,
    ranked.suspect_id,
    events.template_id,
    coalesce(templates.template, events.canonical) AS template,
    ranked.example,
    ranked.lines,
    ranked.severity_text,
    ranked.severity,
    ranked.phrase,
    ranked.polarity,
    ranked.origin,
    ranked.origin_lines,
    ranked.burst_start,
    ranked.burst_stop,
    ranked.burst_lines,
    ranked.is_new,
    ranked.first_seen,
    ranked.last_seen,
    CASE
        WHEN suspect_labels.suspect_id IS NULL THEN 'unlabelled'
        WHEN suspect_labels.most = 0 THEN 'normal'
        WHEN suspect_labels.least = 1 THEN 'anomalous'
        ELSE 'mixed'
    END AS status
FROM ranked
INNER JOIN leaders ON ranked.rank = leaders.rank
LEFT JOIN suspect_labels ON ranked.suspect_id = suspect_labels.suspect_id
INNER JOIN fame.events AS events ON ranked.event_id = events.event_id
LEFT JOIN fame.templates AS templates ON events.template_id = templates.template_id
ORDER BY ranked.rank;
