{{ select_optional_source('llm_calls', {
    'request_hash': 'varchar', 'stage': 'varchar', 'prompt_version': 'varchar',
    'model': 'varchar', 'tokens_in': 'bigint', 'tokens_out': 'bigint', 'cost_usd': 'double',
    'error': 'varchar', 'created_at': 'timestamp'
}) }}
