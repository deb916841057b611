"""Kafka, PostgreSQL, cursor, outbox, telemetry and health: what every service stands on."""
