-- A session that has got longer may have had a shorter window, which is none any more.
DELETE FROM fame.found_counts
WHERE
    window_end IN (SELECT window_end FROM tested_windows)
    OR window_end IN (
        SELECT bucket + INTERVAL 30 SECONDS
        FROM session_buckets
        WHERE
            bucket < session_start + INTERVAL 90 SECONDS
            AND session_start IN (
                SELECT session_start
                FROM session_buckets
                WHERE bucket IN (SELECT bucket FROM chosen_buckets)
            )
    );

INSERT INTO fame.found_counts
SELECT *, $found_at AS found_at
FROM findings
ORDER BY window_end, g DESC, service_name, template_id;
