-- How two sides differ, the greatest difference first.
SELECT change, count_a, count_b, percent_a, percent_b, p_adjusted, template_id, service_name, template, log_id
FROM fame.diff_patterns(
    $start_a::TIMESTAMP,
    $stop_a::TIMESTAMP,
    $start_b::TIMESTAMP,
    $stop_b::TIMESTAMP,
    kind := $by,
    name_a := $a,
    name_b := $b
);
