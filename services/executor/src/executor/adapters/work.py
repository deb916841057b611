"""What a partition number may have to do between records."""

from runtime.looking import where

TIMERS = where("SELECT FROM cohort WHERE partition = n AND due_at <= now()")
CONTACT_ORDERS = where("SELECT FROM contact_order WHERE partition = n AND result IS NULL")
ORDERS = where("SELECT FROM work_order WHERE partition = n")
COUNTS = where("SELECT FROM launch_share WHERE partition = n AND published < revision")
RESOLUTIONS = where("SELECT FROM resolution WHERE partition = n AND carried_out_at IS NULL")
