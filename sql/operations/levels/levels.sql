SELECT
    objective,
    threshold,
    threshold_unit,
    target,
    days,
    total,
    good,
    ratio,
    budget_left
FROM fame.service_levels;
