"""What a process instance does, as pure functions on frozen data: no clock, no database, no randomness."""
