"""Events and topics: the records that cross a service boundary, and nothing that behaves."""
