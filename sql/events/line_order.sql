-- The number of each line among those of a load. A window over whole lines would copy them.
CREATE OR REPLACE TEMP TABLE incoming_order AS
SELECT
    place,
    row_number() OVER (ORDER BY place) AS ordinal
FROM incoming;
