"""SQL for many people: who may run which statement, by HTTP and by DuckDB's own protocol."""
