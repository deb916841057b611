"""What handlers and jobs need from the world. Each port has a real adapter; the mail ports also have a fake."""
