-- The significant tests, with the text of their template; of a delay, that with most long gaps. A
-- first pass has little past: fewer than three parts of a session say nothing.
CREATE OR REPLACE TEMP TABLE findings AS
WITH slowest AS (
    SELECT
        service_name,
        window_end,
        arg_max(template_id, (late, template_id)) AS template_id
    FROM window_gaps
    GROUP BY service_name, window_end
),
significant AS (
    SELECT
        tests.* EXCLUDE (template_id),
        if(tests.measure = 'gaps', slowest.template_id, tests.template_id) AS template_id
    FROM count_tests AS tests
    LEFT JOIN slowest
        ON tests.service_name = slowest.service_name AND tests.window_end = slowest.window_end
    WHERE tests.p_adjusted <= $rate AND tests.g >= $least_g AND tests.sessions >= 3
),
unmatched AS (
    SELECT
        counted.template_id,
        min(fame.provisional_template(events.canonical)) AS template
    FROM fame.counted_events AS counted
    INNER JOIN fame.events AS events ON counted.event_id = events.event_id
    WHERE
        counted.matched_id IS NULL
        AND counted.template_id IN (SELECT template_id FROM significant)
    GROUP BY counted.template_id
)
SELECT
    significant.service_name,
    significant.template_id,
    CASE
        WHEN significant.template_id = '' THEN '(all lines of the service)'
        ELSE coalesce(templates.template, unmatched.template, '')
    END AS template,
    significant.kind,
    significant.window_start,
    significant.window_end,
    significant.x AS lines,
    significant.expected,
    significant.n AS service_lines,
    significant.sessions,
    significant.dispersion,
    significant.g,
    significant.p_value,
    significant.p_adjusted
FROM significant
LEFT JOIN fame.templates AS templates ON significant.template_id = templates.template_id
LEFT JOIN unmatched ON significant.template_id = unmatched.template_id;
