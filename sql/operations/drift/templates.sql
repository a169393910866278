-- Templates that have changed, the strongest change first.
SELECT * FROM fame.template_drift ORDER BY g DESC, service_name, template_id;
