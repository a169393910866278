-- The chosen lines without a label, in the order in which they are asked for.
SELECT
    chosen.template_id,
    chosen.log_id
FROM chosen_lines AS chosen
WHERE chosen.log_id NOT IN (SELECT log_id FROM fame.labels WHERE log_id IS NOT NULL)
ORDER BY chosen.template_id, chosen.nth, chosen.log_id;
