"""The vectorised SQL functions: engine-free Arrow code, and one thin module an engine."""
