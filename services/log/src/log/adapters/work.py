"""What a partition number may have to do between records."""

from log.adapters.launches import DUE
from runtime.looking import where

UNPUBLISHED = where(f"SELECT {DUE.format(home='n')}")
