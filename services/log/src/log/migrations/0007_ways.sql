-- Where the ways of contacts lie, which are to be forgotten when they are deleted.
CREATE INDEX event_chunk_way ON event_chunk (project, partition) WHERE kind = 'way';
