-- Leaves out as many equal rows as have been read from this table before.
DELETE FROM incoming
WHERE place IN (
    SELECT fresh.place
    FROM (
        SELECT
            place,
            body,
            $row AS row_hash,
            row_number() OVER (PARTITION BY $row, body ORDER BY place) AS copy
        FROM incoming
    ) AS fresh
    INNER JOIN (
        SELECT
            body,
            $row AS row_hash,
            row_number() OVER (PARTITION BY $row, body ORDER BY log_id) AS copy
        FROM fame.logs
        WHERE ingest_id IN (SELECT unnest($$ingest_ids::BIGINT[]))
    ) AS known
        ON fresh.row_hash = known.row_hash
            AND fresh.copy = known.copy
            AND fresh.body IS NOT DISTINCT FROM known.body
);
