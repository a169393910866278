SELECT transition, count(*)::DOUBLE AS fame_incident_changes
FROM fame.incident_changes
GROUP BY transition
ORDER BY transition;
