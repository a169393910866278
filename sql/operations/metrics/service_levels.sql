SELECT
    objective,
    ratio AS fame_service_level_ratio,
    target AS fame_service_level_target_ratio,
    budget_left AS fame_error_budget_left_ratio
FROM fame.service_levels;
