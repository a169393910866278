DROP MACRO ingest_epoch_timestamp;
DROP MACRO ingest_epoch_microseconds;
DROP MACRO ingest_iso_timestamp;
DROP MACRO ingest_iso_parts;
DROP MACRO ingest_zone_minutes;
DROP MACRO ingest_severity_number;
