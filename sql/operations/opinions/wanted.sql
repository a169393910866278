-- The incidents that are wanted, or what is not over and not silenced and has no opinion on its
-- present revision yet.
SELECT incidents.*
FROM fame.incidents AS incidents
WHERE
    CASE
        WHEN len($wanted::VARCHAR[]) > 0 THEN list_contains($wanted::VARCHAR[], incidents.incident_id)
        ELSE incidents.state <> 'resolved' AND NOT incidents.silenced AND NOT EXISTS (
            SELECT 1
            FROM fame.second_opinions AS given
            WHERE
                given.incident_id = incidents.incident_id AND given.revision = incidents.revision
                AND given.model = $model AND given.opinion_severity IS NOT NULL
        )
    END
LIMIT $at_most;
