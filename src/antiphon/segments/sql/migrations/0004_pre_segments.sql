-- A name for people who belong together: by a rule, whose versions are in segment_version, or by hand.
CREATE TABLE segment (
  id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name       text NOT NULL UNIQUE,
  kind       text NOT NULL DEFAULT 'rule' CHECK (kind IN ('rule', 'list')),
  version    integer NOT NULL DEFAULT 0, -- the one that is live; 0: none yet
  stage_of   text,                       -- the ladder that it is a stage of
  created_at timestamptz NOT NULL,
  archived_at timestamptz
);

-- What a segment's rule was, is, and may become.
CREATE TABLE segment_version (
  segment_id integer NOT NULL REFERENCES segment (id) ON DELETE CASCADE,
  version    integer NOT NULL,
  rule       jsonb NOT NULL,
  state      text NOT NULL CHECK (state IN ('draft', 'building', 'live', 'past')),
  kinds      integer[] NOT NULL,         -- what can change it: event names by number, 0 traits, -1 preferences, -2 addresses,
                                         -- -4 accounts, -1000 - n membership in segment n
  needs      integer[] NOT NULL,         -- the segments that it names
  by         text NOT NULL DEFAULT '',   -- who wrote it
  created_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  published_at timestamptz,
  building_since timestamptz,            -- wall time: everything that happened before is seen by the build
  phase      text NOT NULL DEFAULT '',   -- looking, timers, applying
  done       integer NOT NULL DEFAULT 0, -- of `steps`, in this phase
  steps      integer NOT NULL DEFAULT 0,
  estimate_s double precision,           -- how long the whole build was thought to take
  PRIMARY KEY (segment_id, version)
);
-- prevents two drafts and two builds of one segment
CREATE UNIQUE INDEX segment_version_at_work ON segment_version (segment_id) WHERE state IN ('draft', 'building');

-- What a build found out: who is in by the new rule, and when time alone may change that. A crash empties it: build again.
CREATE UNLOGGED TABLE segment_build (
  segment_id integer NOT NULL,
  bucket     smallint NOT NULL,
  profile_id bigint NOT NULL,
  inside     boolean NOT NULL,
  timer_at   timestamptz
);
CREATE INDEX segment_build_by_bucket ON segment_build (segment_id, bucket);

-- A measure of somebody's events that has a name.
CREATE TABLE computed_trait (
  name       text PRIMARY KEY,
  definition jsonb NOT NULL,
  created_at timestamptz NOT NULL
);

-- Segments that are the stages of one way: whoever is in one is in no other. The first whose rule holds has them.
CREATE TABLE ladder (
  name       text PRIMARY KEY,
  stages     integer[] NOT NULL,         -- segments, the one that goes before all others first
  leaving    integer[] NOT NULL DEFAULT '{}', -- the last of them, that are archived once the others are built
  created_at timestamptz NOT NULL
);

-- Who is in, since when.
CREATE TABLE member (
  bucket     smallint NOT NULL,
  segment_id integer NOT NULL,
  profile_id bigint NOT NULL,
  entered_at timestamptz NOT NULL,
  -- by person first: work asks for all segments of somebody at once
  PRIMARY KEY (bucket, profile_id, segment_id)
);
-- serves the list of a segment and its chunks
CREATE INDEX member_by_segment ON member (segment_id, profile_id);

-- Every entry and exit.
CREATE TABLE segment_change (
  bucket     smallint NOT NULL,
  segment_id integer NOT NULL,
  profile_id bigint NOT NULL,
  at         timestamptz NOT NULL,
  entered    boolean NOT NULL,
  cause      text NOT NULL DEFAULT '',   -- happened, time, rule (a new version), list, merge
  leaf       text NOT NULL DEFAULT ''    -- the part of the rule that decided, such as rule.all[0]
);
-- serves erasure and exports
CREATE INDEX segment_change_by_profile ON segment_change (bucket, profile_id);
-- serves the history of a segment
CREATE INDEX segment_change_by_segment ON segment_change (segment_id, at);

-- How many entered and left, and came by a first build: appended by whoever writes memberships, folded to one row an hour.
-- The sum of all rows is how many are in.
CREATE TABLE segment_tally (
  segment_id integer NOT NULL,
  at         timestamptz NOT NULL,
  entered    integer NOT NULL DEFAULT 0,
  left_count integer NOT NULL DEFAULT 0,
  came       integer NOT NULL DEFAULT 0  -- by a first build, by merges, or taken away by erasure: no entries and no exits
);
-- serves sizes and growth
CREATE INDEX segment_tally_by_segment ON segment_tally (segment_id, at);

-- The due row of a profile's memberships. `timers` says for each segment when time alone may change it, `timer_at` is the
-- earliest of them; `kinds` is what has happened since the last work. A touch adds kinds and never writes timers.
CREATE TABLE membership_due (
  bucket      smallint NOT NULL,
  profile_id  bigint NOT NULL,
  due_at      timestamptz,
  timer_at    timestamptz,
  timers      jsonb NOT NULL DEFAULT '{}', -- {"12": microseconds since 1970}
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
