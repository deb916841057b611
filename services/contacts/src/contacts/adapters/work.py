"""What a partition number may have to do between records."""

from runtime.looking import where

TURNS = where("SELECT FROM launch WHERE home = n AND turn IS NOT NULL")
UNCHECKED = where("SELECT FROM launch WHERE home = n AND drafted_at IS NOT NULL AND NOT checked")
