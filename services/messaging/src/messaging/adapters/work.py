"""What a partition number may have to do between records."""

from runtime.looking import where

PLANNED = where("SELECT FROM send WHERE partition = n AND state = 'planned' OFFSET 0")
"""OFFSET keeps the planner from reading all of the index at once, which seems empty to it while a launch is new."""
SUSPECTS = where("SELECT FROM suspect_chunk WHERE partition = n")
HOLDINGS = where("SELECT FROM holding WHERE partition = n")
REPORTS = where("SELECT FROM report WHERE partition = n")
WAITING_CHUNKS = where("SELECT FROM waiting_chunk WHERE partition = n")
