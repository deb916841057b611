"""What log decides, without a database: how facts become figures, states, records and timelines."""
