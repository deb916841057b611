"""What a lease does between records."""
