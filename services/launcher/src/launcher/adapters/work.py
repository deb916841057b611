"""What there may be to do between records. Whose home it is, the job itself sees: the table does not say."""

from runtime.service import Where

COLLECTING = Where("""SELECT FROM launch WHERE state = 'draft' AND collected @> '{"done": false}'""")
TRIALS = Where("SELECT FROM launch WHERE mode <> 'live' AND ended_at IS NULL AND requested_at IS NOT NULL")
