"""The local platform: real Kafka, real PostgreSQL, a mail sink and the services as processes of one machine."""
