-- The changes after a number, with the texts of their templates and messages of their events.
WITH
changes AS (
    SELECT * FROM fame.incident_changes WHERE number > $number
),
wanted AS (
    SELECT DISTINCT unnest(template_ids) AS template_id FROM changes
),
texts AS (
    SELECT
        wanted.template_id,
        coalesce(
            any_value(templates.template),
            any_value(counts.template),
            fame.provisional_template(any_value(events.canonical))
        ) AS template
    FROM wanted
    LEFT JOIN fame.templates AS templates ON wanted.template_id = templates.template_id
    LEFT JOIN (
        SELECT template_id, any_value(template) AS template
        FROM fame.incident_counts
        GROUP BY template_id
    ) AS counts ON wanted.template_id = counts.template_id
    LEFT JOIN (
        SELECT template_id, min(event_id) AS event_id
        FROM fame.incident_events
        GROUP BY template_id
    ) AS members ON wanted.template_id = members.template_id
    LEFT JOIN fame.events AS events ON members.event_id = events.event_id
    GROUP BY wanted.template_id
),
placed_templates AS (
    SELECT number, unnest(template_ids) AS template_id, generate_subscripts(template_ids, 1) AS place
    FROM changes
),
template_lists AS (
    SELECT placed.number, list(texts.template ORDER BY placed.place) AS templates
    FROM placed_templates AS placed
    INNER JOIN texts ON placed.template_id = texts.template_id
    WHERE texts.template IS NOT NULL
    GROUP BY placed.number
),
placed_events AS (
    SELECT
        number,
        incident_id,
        unnest(event_ids) AS event_id,
        generate_subscripts(event_ids, 1) AS place
    FROM changes
),
example_lists AS (
    SELECT
        placed.number,
        list(coalesce(logs.body, events.example) ORDER BY placed.place) AS examples
    FROM placed_events AS placed
    INNER JOIN fame.events AS events ON placed.event_id = events.event_id
    LEFT JOIN fame.incident_events AS members
        ON placed.incident_id = members.incident_id AND placed.event_id = members.event_id
    LEFT JOIN fame.logs AS logs
        ON members.first_log_id = logs.log_id AND members.event_id = logs.event_id
    GROUP BY placed.number
),
worst_counts AS (
    SELECT
        changes.number,
        max_by(
            {
                'anomaly': counts.anomaly,
                'template_id': counts.template_id,
                'template': counts.template,
                'lines': counts.lines,
                'expected': counts.expected
            },
            (counts.g, counts.window_start, counts.template_id, counts.anomaly)
        ) AS worst
    FROM changes
    INNER JOIN fame.incident_counts AS counts ON changes.incident_id = counts.incident_id
    GROUP BY changes.number
),
-- Of an incident without lines of its own, a message of its worst template, as it usually is.
count_examples AS (
    SELECT worst_counts.number, [min_by(events.example, events.event_id)] AS examples
    FROM worst_counts
    INNER JOIN fame.counted_events AS counted ON worst_counts.worst.template_id = counted.template_id
    INNER JOIN fame.events AS events ON counted.event_id = events.event_id
    WHERE events.example IS NOT NULL
    GROUP BY worst_counts.number
)
SELECT
    changes.* EXCLUDE (template_ids, event_ids),
    coalesce(template_lists.templates, []) AS templates,
    coalesce(example_lists.examples, count_examples.examples, []) AS examples,
    worst_counts.worst AS worst_count
FROM changes
LEFT JOIN template_lists ON changes.number = template_lists.number
LEFT JOIN example_lists ON changes.number = example_lists.number
LEFT JOIN worst_counts ON changes.number = worst_counts.number
LEFT JOIN count_examples ON changes.number = count_examples.number
ORDER BY changes.number;
