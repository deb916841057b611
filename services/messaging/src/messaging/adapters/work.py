"""What a partition number may have to do between records."""

from runtime.service import Where

PLANNED = Where("SELECT FROM send WHERE partition = n AND state = 'planned' OFFSET 0")
"""OFFSET keeps the planner from reading all of the index at once, which seems empty to it while a launch is new."""
SUSPECTS = Where("SELECT FROM suspect_chunk WHERE partition = n")
HOLDINGS = Where("SELECT FROM holding WHERE partition = n")
REPORTS = Where("SELECT FROM report WHERE partition = n")
WAITING_CHUNKS = Where("SELECT FROM waiting_chunk WHERE partition = n")
