"""What a partition number may have to do between records."""

from log.adapters.launches import DUE
from runtime.service import Where

UNPUBLISHED = Where(f"SELECT {DUE.format(home='n')}")
