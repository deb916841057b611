"""What there may be to do between records. Whose home it is, the job itself sees: the table does not say."""

from runtime.service import Where

COLLECTING = Where("""SELECT FROM launch WHERE state = 'draft' AND collected @> '{"done": false}'""")
