-- Named incidents of which nothing is left: late lines, or another count of all lines, took it back.
SELECT DISTINCT named.incident_id
FROM named_things AS named
ANTI JOIN fame.incident_cells AS cells ON named.incident_id = cells.incident_id
WHERE named.incident_id IS NOT NULL
ORDER BY named.incident_id;
