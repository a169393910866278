-- The test by which counts are compared: fame_sql/operations/counts.
-- How much x lines of n differ from b lines of m: the statistic of a G-test.
CREATE OR REPLACE MACRO fame.g_statistic(x, n, b, m) AS (
    greatest(
        0,
        2 * (
            CASE WHEN x = 0 THEN 0 ELSE x * ln(x / n::DOUBLE * ((n + m) / (x + b)::DOUBLE)) END
            + CASE WHEN b = 0 THEN 0 ELSE b * ln(b / m::DOUBLE * ((n + m) / (x + b)::DOUBLE)) END
        )
    )
);

-- How likely a statistic as large as g is by chance: erfc(sqrt(g / 2)). DuckDB has no erfc; this
-- approximation has a relative error below 1.2e-7 in all of the tail.
CREATE OR REPLACE MACRO fame.g_p_value(g) AS (
    list_transform(
        [1 / (1 + 0.5 * sqrt(g / 2))],
        lambda t: least(1, t * exp(
            -g / 2 - 1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418
            + t * (-0.18628806 + t * (0.27886807 + t * (-1.13520398 + t * (1.48851587
            + t * (-0.82215223 + t * 0.17087277))))))))
        ))
    )[1]
);

-- An upper bound of how likely x or more are where e are expected, by the law of Poisson, for x > e.
-- For a few lines the statistic G promises far too much.
CREATE OR REPLACE MACRO fame.poisson_tail(x, e) AS (
    least(1, exp(x * ln(e) - e - lgamma(x + 1)) * (x + 1) / (x + 1 - e))
);
