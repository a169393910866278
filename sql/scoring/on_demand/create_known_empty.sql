-- Outside a warehouse nothing is stored.
CREATE OR REPLACE TEMP TABLE __fame_known (canonical VARCHAR, $verdict_types);
