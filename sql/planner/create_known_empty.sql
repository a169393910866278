-- Outside a warehouse nothing is stored.
CREATE OR REPLACE TEMP TABLE __fame_known (
    canonical VARCHAR,
    score DOUBLE,
    is_anomaly BOOLEAN,
    domain VARCHAR,
    domain_confidence DOUBLE,
    novelty DOUBLE,
    template_id VARCHAR,
    template VARCHAR,
    known_template BOOLEAN,
    threshold DOUBLE,
    model_version VARCHAR
);
