"""What a partition number may have to do between records."""

from runtime.looking import where

UNPUBLISHED = where("SELECT FROM launch WHERE home = n AND live AND published_revision < revision")
