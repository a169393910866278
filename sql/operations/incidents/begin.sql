-- The tables that an update works with, empty.
CREATE OR REPLACE TEMP TABLE incidents_to_tell (incident_id VARCHAR, transition VARCHAR);

CREATE OR REPLACE TEMP TABLE withdrawn_counts AS
SELECT service_name, template_id, anomaly, window_start FROM fame.incident_counts LIMIT 0;

CREATE OR REPLACE TEMP TABLE incident_update AS
SELECT $now::TIMESTAMP AS now, $gap::INTERVAL AS gap, $quiet::INTERVAL AS quiet;
