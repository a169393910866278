SELECT DISTINCT resource_attributes::VARCHAR FROM incoming WHERE resource_attributes IS NOT NULL;
