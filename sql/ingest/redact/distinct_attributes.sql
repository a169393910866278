SELECT DISTINCT attributes::VARCHAR FROM incoming WHERE attributes IS NOT NULL;
