"""What a partition number may have to do between records."""

from executor.domain.launch import TOLD_EVERY
from runtime.service import Where

TIMERS = Where("SELECT FROM cohort WHERE partition = n AND due_at <= now()")
CONTACT_ORDERS = Where("SELECT FROM contact_order WHERE partition = n AND result IS NULL")
ORDERS = Where("SELECT FROM work_order WHERE partition = n")
COUNTS = Where(
    "SELECT FROM launch_share WHERE partition = n AND published < revision"
    f" AND published_at <= now() - interval '{TOLD_EVERY.total_seconds()} seconds'"
)
RESOLUTIONS = Where("SELECT FROM resolution WHERE partition = n AND carried_out_at IS NULL")
