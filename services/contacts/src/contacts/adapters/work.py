"""What a partition number may have to do between records."""

from runtime.service import Where

TURNS = Where("SELECT FROM launch WHERE home = n AND turn IS NOT NULL")
UNCHECKED = Where("SELECT FROM launch WHERE home = n AND drafted_at IS NOT NULL AND NOT checked")
