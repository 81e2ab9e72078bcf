CREATE TABLE campaign (
  id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name        text NOT NULL UNIQUE,
  message_id  integer NOT NULL,
  segment_id  integer NOT NULL,
  channels    text[] NOT NULL,
  topic       text NOT NULL DEFAULT '',
  pilot_share double precision,          -- null: no pilot
  failover_on text NOT NULL,
  state       text NOT NULL DEFAULT 'draft'
              CHECK (state IN ('draft', 'running', 'pilot_done', 'paused', 'done', 'cancelled')),
  stage       text NOT NULL DEFAULT 'all' CHECK (stage IN ('pilot', 'rest', 'all')),
  source_id   bigint UNIQUE,             -- set at launch
  created_at  timestamptz NOT NULL,
  launched_at timestamptz,
  ended_at    timestamptz
);

-- The due row of a campaign's audience: one per range of profile ids, walked by a cursor.
CREATE TABLE campaign_chunk (
  campaign_id integer NOT NULL REFERENCES campaign (id),
  stage       text NOT NULL,
  n           integer NOT NULL,
  from_id     bigint NOT NULL,           -- inclusive
  to_id       bigint NOT NULL,           -- exclusive
  cursor      bigint NOT NULL,           -- the next profile id to look at
  due_at      timestamptz,
  lease_until timestamptz,
  lease       integer NOT NULL DEFAULT 0,
  version     integer NOT NULL DEFAULT 0,
  PRIMARY KEY (campaign_id, stage, n)
);
CREATE INDEX campaign_chunk_due ON campaign_chunk (due_at) WHERE due_at IS NOT NULL;
