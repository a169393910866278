-- What a value head adds to the log-odds of a message, in millionths: the weights of the bins that
-- hold its values. fame_sql.values reads words, numbers and categories in the same way.
CREATE OR REPLACE MACRO fame.value_bins(head, message) AS (
    CASE WHEN head IS NOT NULL THEN coalesce(list_sum(list_transform(
        list_transform(
            list_transform(
                [list_filter(
                    string_split(translate(left(message, 8192), E'\t\n\x0b\f\r', '     '), ' '),
                    lambda __fame_word: __fame_word <> ''
                )],
                lambda __fame_words: list_transform(
                    head.places,
                    lambda __fame_p: {
                        'word': __fame_words[__fame_p.place],
                        'number': regexp_extract(__fame_words[__fame_p.place], '$number', ['value', 'unit']),
                        'path': regexp_extract(__fame_words[__fame_p.place], '$path', 1),
                        'bins': __fame_p.bins
                    }
                )
            )[1],
            lambda __fame_r: list_transform(
                __fame_r.bins,
                lambda __fame_b: CASE
                    WHEN CASE __fame_b.kind
                        WHEN 'token' THEN __fame_r.word = __fame_b.category
                        WHEN 'path' THEN __fame_r.path = __fame_b.category
                        ELSE __fame_r.number.value <> '' AND CASE __fame_b.kind
                            WHEN 'unit' THEN __fame_r.number.unit = __fame_b.category
                            WHEN 'form' THEN
                                __fame_b.category
                                = CASE WHEN contains(__fame_r.number.value, '.') THEN 'fraction' ELSE 'whole' END
                            ELSE
                                coalesce(TRY_CAST(__fame_r.number.value AS DOUBLE) >= __fame_b.low, true)
                                AND coalesce(TRY_CAST(__fame_r.number.value AS DOUBLE) < __fame_b.high, true)
                        END
                    END THEN __fame_b.weight
                    ELSE 0
                END
            )
        ),
        lambda __fame_w: list_sum(__fame_w)
    )), 0)::BIGINT END
);
-- The score of a line, moved from that of its event by the sum of the bins' weights.
CREATE OR REPLACE MACRO fame.moved(score, head, bins) AS (
    floor(
        1 / (1 + exp(-greatest(least(
            floor(
                head.kept * floor(
                    ln(greatest(least(score, 0.9999), 0.0001) / (1 - greatest(least(score, 0.9999), 0.0001)))
                    * 1000000 + 0.5
                ) / 1000000 + 0.5
            ) + head.intercept + bins,
            16000000
        ), -16000000) / 1000000)) * 10000 + 0.5
    ) / 10000
);
-- The score of a line, given that of its event's own verdict, the answer about its template, the
-- template's value head and the sum of the bins' weights, all of which may be NULL.
CREATE OR REPLACE MACRO fame.valued_by_bins(score, answer, head, bins) AS (
    CASE
        WHEN head IS NULL OR bins IS NULL OR coalesce(answer, 'mixed') <> 'mixed' THEN score
        ELSE fame.moved(score, head, bins)
    END
);
-- The same of a message. DuckDB works out a parameter at each of its places, so the sum, the dearest
-- part of a verdict, has one.
CREATE OR REPLACE MACRO fame.valued(score, answer, head, message) AS (
    CASE
        WHEN head IS NULL OR coalesce(answer, 'mixed') <> 'mixed' THEN score
        ELSE fame.moved(score, head, fame.value_bins(head, message))
    END
);
