SELECT
    count(*) AS rows,
    coalesce(bit_xor(hash(rows_of_table)), 0) AS content
FROM ($rows) AS rows_of_table;
