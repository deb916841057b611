"""What launcher stands on: PostgreSQL, YAML, CEL and Jinja2."""
