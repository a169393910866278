-- The events whose words speak of a failure, by the lexicon. A phrase inside a longer one does not
-- count. What remains is the strongest phrase, less the strongest of the contrary.
CREATE OR REPLACE VIEW fame.failure_words AS
WITH
texts AS (
    SELECT
        event_id,
        NULL AS phrase,
        NULL AS polarity,
        left(canonical, 500) AS text
    FROM fame.events
    UNION ALL
    SELECT
        NULL AS event_id,
        phrase,
        polarity,
        $canonical AS text
    FROM (SELECT *, phrase AS message FROM fame.lexicon WHERE NOT starts_with(phrase, '/'))
),
-- 'ConnectException' is read as two words.
spaced AS (
    SELECT
        event_id,
        phrase,
        polarity,
        lower(
            regexp_replace(
                regexp_replace(text, '<[a-z*]+>', ' ', 'g'), '([A-Za-z])(Exception|Error)', '\1 \2', 'g'
            )
        ) AS text
    FROM texts
),
worded AS (
    SELECT
        event_id,
        phrase,
        polarity,
        string_split(trim(regexp_replace(text, '[^a-z0-9#'']+', ' ', 'g')), ' ') AS words
    FROM spaced
),
phrases AS (
    SELECT
        array_to_string(words, ' ') AS words,
        any_value(words[1]) AS first_word,
        any_value(len(words)) AS length,
        min(phrase) AS phrase,
        max(polarity) AS polarity
    FROM worded
    WHERE phrase IS NOT NULL
    GROUP BY array_to_string(worded.words, ' ')
),
first_words AS (
    SELECT
        first_word,
        max(length) AS longest
    FROM phrases
    GROUP BY first_word
),
places AS (
    SELECT
        event_id,
        words,
        unnest(range(1, len(words) + 1)) AS place
    FROM worded
    WHERE event_id IS NOT NULL
),
candidates AS (
    SELECT
        places.event_id,
        places.words,
        places.place,
        unnest(range(1, least(first_words.longest, len(places.words) - places.place + 1) + 1)) AS length
    FROM places
    INNER JOIN first_words ON places.words[places.place] = first_words.first_word
),
found AS (
    SELECT
        candidates.event_id,
        candidates.place,
        candidates.length,
        phrases.phrase,
        phrases.polarity
    FROM candidates
    INNER JOIN phrases
        ON array_to_string(
            candidates.words[candidates.place:candidates.place + candidates.length - 1], ' '
        ) = phrases.words
),
longest AS (
    SELECT found.*
    FROM found
    ANTI JOIN found AS longer
        ON found.event_id = longer.event_id
        AND found.length < longer.length
        AND found.place >= longer.place
        AND found.place + found.length <= longer.place + longer.length
),
judged AS (
    SELECT
        event_id,
        max(polarity) + coalesce(min(polarity) FILTER (WHERE polarity < 0), 0) AS polarity,
        arg_max(phrase, (polarity, length, phrase)) AS phrase
    FROM longest
    GROUP BY event_id
)
SELECT
    event_id,
    polarity::INTEGER AS polarity,
    phrase
FROM judged
WHERE polarity > 0;
