"""PostgreSQL, SMTP and templates behind the ports."""
