"""PostgreSQL. SQL lies beside the method that runs it; a chunk of contacts is one statement with arrays."""
