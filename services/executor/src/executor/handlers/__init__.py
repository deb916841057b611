"""What executor does with the records it reads and with what falls due between them."""
