-- The messages of each event, and the first ones of each template's events (event_id is NULL), in
-- an order that spreads over their values. Numbers are divided into at most 16 cells, paths by
-- their first folders. A message whose cells have come less often is earlier, and among those that
-- come equally often the outermost cells are.
CREATE OR REPLACE TEMP TABLE spread_lines AS
WITH
candidates AS (
    SELECT template_id, event_id, log_id, drawn
    FROM open_messages
    WHERE $$spread
    QUALIFY
        count(*) OVER (PARTITION BY event_id) > 1
        AND row_number() OVER (PARTITION BY event_id ORDER BY drawn) <= 400
    UNION ALL
    SELECT template_id, NULL AS event_id, log_id, drawn
    FROM open_messages
    WHERE is_first AND $$spread
    QUALIFY
        count(*) OVER (PARTITION BY template_id) > $$per_template
        AND row_number() OVER (PARTITION BY template_id ORDER BY drawn) <= 2000
),
words AS (
    SELECT
        candidates.*,
        unnest(string_split_regex(trim(logs.body, E' \t\n\x0b\f\r'), '[ \t\n\v\f\r]+')) AS word,
        generate_subscripts(string_split_regex(trim(logs.body, E' \t\n\x0b\f\r'), '[ \t\n\v\f\r]+'), 1) AS place
    FROM candidates
    INNER JOIN fame.logs AS logs ON candidates.log_id = logs.log_id
),
parameters AS (
    SELECT
        * EXCLUDE (word),
        TRY_CAST(regexp_extract(
            word,
            '$number',
            1
        ) AS DOUBLE) AS number,
        nullif(regexp_extract(word, '$path', 1), '') AS path
    FROM words
),
counted AS (
    SELECT
        *,
        dense_rank() OVER (PARTITION BY template_id, event_id, place ORDER BY number, path) - 1
            AS nth_value
    FROM parameters
    WHERE number IS NOT NULL OR path IS NOT NULL
),
in_cells AS (
    SELECT
        *,
        CASE
            WHEN max(nth_value) OVER of_place < 16 THEN nth_value
            ELSE nth_value * 16 // (max(nth_value) OVER of_place + 1)
        END AS cell,
        least(max(nth_value) OVER of_place, 15) AS last_cell
    FROM counted
    WINDOW of_place AS (PARTITION BY template_id, event_id, place)
),
repeated AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY template_id, event_id, place, cell ORDER BY drawn, log_id
        ) AS repeats,
        CASE
            WHEN cell = last_cell THEN -1
            ELSE [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15][cell * 16 // (last_cell + 1) + 1]
        END AS inner_cell
    FROM in_cells
    WHERE last_cell > 0
)
SELECT
    event_id,
    log_id,
    row_number() OVER (
        PARTITION BY template_id, event_id
        ORDER BY sum(repeats), sum(inner_cell), any_value(drawn), log_id
    ) AS nth
FROM repeated
GROUP BY template_id, event_id, log_id;
