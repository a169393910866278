INSERT OR REPLACE INTO fame.ingests BY NAME
SELECT unnest(from_json(
    $loads,
    '[{
        "ingest_id": "BIGINT",
        "source": "VARCHAR",
        "source_path": "VARCHAR",
        "format": "VARCHAR",
        "encoding": "VARCHAR",
        "head": "VARCHAR",
        "fingerprint": "VARCHAR",
        "byte_start": "BIGINT",
        "byte_end": "BIGINT",
        "tail_offset": "BIGINT",
        "tail_line": "BIGINT",
        "line_end": "BIGINT",
        "rows": "BIGINT",
        "errors": "BIGINT",
        "state": "VARCHAR",
        "started_at": "TIMESTAMP",
        "finished_at": "TIMESTAMP"
    }]'
), recursive := true);
