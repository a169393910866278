CREATE OR REPLACE TEMP TABLE chosen_lines AS
SELECT
    periods.log_id,
    periods.event_id,
    events.template_id,
    picked.nth
FROM picked_lines AS picked
INNER JOIN fame.log_periods AS periods ON picked.log_id = periods.log_id
INNER JOIN fame.events AS events ON periods.event_id = events.event_id;
