"""The live SQL functions: engine-independent Arrow code, and one module per engine."""
