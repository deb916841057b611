"""What launcher does: load, decide, save with what follows from it. Kafka and HTTP come in through the same doors."""
