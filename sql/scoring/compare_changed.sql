-- The events on which the verdicts of two models differ; those with the most lines first.
FROM fame.compare_models($first, $second) LIMIT $at_most;
