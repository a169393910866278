-- The score of each event and sum of bins, of the exported lines and of those that are gone.
WITH found AS (
    SELECT event_id, bins FROM read_parquet($line_bins)
    UNION
    SELECT past.event_id, past.bins
    FROM fame.past_lines AS past
    INNER JOIN fame.champion AS champion ON past.bins_model = champion.model_version
)
SELECT
    found.event_id,
    found.bins,
    fame.valued_by_bins(verdicts.score, verdicts.answer, value_heads.value_head, found.bins) AS score
FROM found
INNER JOIN fame.verdicts AS verdicts ON found.event_id = verdicts.event_id
INNER JOIN fame.value_heads AS value_heads ON verdicts.template_id = value_heads.template_id
WHERE found.bins IS NOT NULL
