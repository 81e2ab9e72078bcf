CREATE TABLE segment (
  id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name       text NOT NULL UNIQUE,
  rule       jsonb NOT NULL,
  kinds      integer[] NOT NULL,     -- what can change it: event names by number, 0 traits, -1 preferences, -2 addresses, -4 accounts
  windowed   boolean NOT NULL,       -- time alone can change it
  state      text NOT NULL DEFAULT 'filling' CHECK (state IN ('filling', 'live')),
  created_at timestamptz NOT NULL,
  filling_since timestamptz NOT NULL -- wall time: everything that happened before is seen by the fill
);

-- What a fill found out about time, until it has been merged into membership_due. A crash empties it: fill again.
CREATE UNLOGGED TABLE segment_fill_timer (
  segment_id integer NOT NULL,
  bucket     smallint NOT NULL,
  profile_id bigint NOT NULL,
  timer_at   timestamptz NOT NULL
);

-- Who is in, since when.
CREATE TABLE member (
  bucket     smallint NOT NULL,
  segment_id integer NOT NULL,
  profile_id bigint NOT NULL,
  entered_at timestamptz NOT NULL,
  PRIMARY KEY (bucket, segment_id, profile_id)
);
-- serves the list of a segment and its chunks
CREATE INDEX member_by_segment ON member (segment_id, profile_id);

-- Every entry and exit.
CREATE TABLE segment_change (
  bucket     smallint NOT NULL,
  segment_id integer NOT NULL,
  profile_id bigint NOT NULL,
  at         timestamptz NOT NULL,
  entered    boolean NOT NULL
);
-- serves erasure and exports
CREATE INDEX segment_change_by_profile ON segment_change (bucket, profile_id);
-- serves the history of a segment
CREATE INDEX segment_change_by_segment ON segment_change (segment_id, at);

-- The due row of a profile's memberships. `timer_at` is the earliest instant at which time alone may change
-- one of them; `kinds` is what has happened since the last work. A touch adds kinds and never writes timer_at.
CREATE TABLE membership_due (
  bucket      smallint NOT NULL,
  profile_id  bigint NOT NULL,
  due_at      timestamptz,
  timer_at    timestamptz,
  kinds       integer[] NOT NULL DEFAULT '{}',
  touched_at  timestamptz,             -- wall time of the last touch or finish: whoever is newer than a fill's snapshot is touched again
  lease_until timestamptz,
  lease       integer NOT NULL DEFAULT 0,
  version     integer NOT NULL DEFAULT 0,
  PRIMARY KEY (bucket, profile_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
-- serves the claim; a profile that waits for nothing is not in it
CREATE INDEX membership_due_at ON membership_due (due_at) WHERE due_at IS NOT NULL;

-- The due row of a crowd that one change concerns: whoever belongs to an account, or everybody, whom a topic's defaults
-- concern. They are touched in chunks, from `after` on.
CREATE TABLE crowd_due (
  bucket      smallint NOT NULL,           -- the hash of kind and name
  kind        text NOT NULL CHECK (kind IN ('account', 'topic')),
  name        text NOT NULL,
  due_at      timestamptz,
  after       bigint NOT NULL DEFAULT 0,   -- the last profile that was touched
  lease_until timestamptz,
  lease       integer NOT NULL DEFAULT 0,
  version     integer NOT NULL DEFAULT 0,
  PRIMARY KEY (bucket, kind, name)
);
CREATE INDEX crowd_due_at ON crowd_due (due_at) WHERE due_at IS NOT NULL;
