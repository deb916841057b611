"""PostgreSQL and Kafka, as the ports want them."""
