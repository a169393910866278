"""A warehouse in a lake: tables in Parquet files, under a catalogue that many processes share."""
