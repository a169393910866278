SELECT
    count(*) AS rows,
    count(parse_error) AS errors
FROM incoming;
