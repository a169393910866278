-- The champion's value heads: one row for each template whose values decide.
CREATE OR REPLACE VIEW fame.value_heads AS
WITH weights AS (
    SELECT weights.*
    FROM fame.value_weights AS weights
    INNER JOIN fame.champion AS champion ON weights.model_version = champion.model_version
),
places AS (
    SELECT
        template_id,
        place,
        list(
            {'kind': parameter, 'low': low, 'high': high, 'category': category, 'weight': weight}
            ORDER BY parameter, low NULLS FIRST, category
        ) AS bins
    FROM weights
    WHERE place > 0
    GROUP BY template_id, place
),
bases AS (
    SELECT
        template_id,
        sum(weight) FILTER (WHERE parameter = 'kept')::BIGINT AS kept,
        sum(weight) FILTER (WHERE parameter = 'intercept')::BIGINT AS intercept
    FROM weights
    WHERE place = 0
    GROUP BY template_id
)
SELECT
    bases.template_id,
    {
        'kept': any_value(bases.kept),
        'intercept': any_value(bases.intercept),
        'places': list({'place': places.place, 'bins': places.bins} ORDER BY places.place)
    } AS value_head
FROM bases
INNER JOIN places ON bases.template_id = places.template_id
GROUP BY bases.template_id;
