DELETE FROM fame.found_counts
WHERE window_end IN (SELECT window_end FROM tested_windows);

INSERT INTO fame.found_counts
SELECT *, $found_at AS found_at
FROM findings
ORDER BY window_end, g DESC, service_name, template_id;
