"""Work between records: mails from planned to their end, and chunks that had to wait."""
