CREATE TABLE campaign (
  id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name         text NOT NULL UNIQUE,
  message_id   integer NOT NULL,
  message_name text NOT NULL,            -- neither messages nor segments are renamed
  segment_id   integer NOT NULL,
  segment_name text NOT NULL,
  channels     text[] NOT NULL,
  topic        text NOT NULL DEFAULT '',
  pilot_share  double precision,         -- null: no pilot
  failover_on  text NOT NULL,
  plan         jsonb NOT NULL DEFAULT '{}',  -- when, how fast, for whom not, at what cost: records.Plan
  state        text NOT NULL DEFAULT 'draft'
               CHECK (state IN ('draft', 'running', 'pilot_done', 'paused', 'done', 'cancelled')),
  stage        text NOT NULL DEFAULT 'all' CHECK (stage IN ('pilot', 'rest', 'all')),
  source_id    bigint UNIQUE,            -- set at launch
  created_at   timestamptz NOT NULL,
  launched_at  timestamptz,
  starts_at    timestamptz,              -- set at launch: nobody is told before
  ended_at     timestamptz,
  stopped      jsonb,                    -- why it stopped by itself: records.Stopped; null: it did not, or goes on again
  tolerated    jsonb NOT NULL DEFAULT '{}', -- {"bounces/email": 0.07}: shares with which somebody let it go on
  shifted      jsonb                     -- the newest shift, and until when it can be taken back: records.Shifted
);

-- What was done with a campaign, and what it did by itself. One row for each act; who acted is in the audit log, too.
CREATE TABLE campaign_step (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  campaign_id integer NOT NULL REFERENCES campaign (id),
  at          timestamptz NOT NULL,
  what        text NOT NULL,             -- created, launched, recalled, paused, stopped, resumed, shifted, …
  details     jsonb NOT NULL DEFAULT '{}'
);
-- serves the timeline
CREATE INDEX campaign_step_of ON campaign_step (campaign_id, id);

-- The due row of a campaign's audience: one per range of profile ids, walked by a cursor.
CREATE TABLE campaign_chunk (
  campaign_id integer NOT NULL REFERENCES campaign (id),
  stage       text NOT NULL,
  n           integer NOT NULL,
  from_id     bigint NOT NULL,           -- inclusive
  to_id       bigint NOT NULL,           -- exclusive
  cursor      bigint NOT NULL,           -- the next profile id to look at
  priority    smallint NOT NULL DEFAULT 0,  -- its campaign's: of those that are due, the highest is walked first
  paid_to     timestamptz NOT NULL,      -- of a throttled campaign, which has one range: up to when time was spent
  due_at      timestamptz,
  lease_until timestamptz,
  lease       integer NOT NULL DEFAULT 0,
  version     integer NOT NULL DEFAULT 0,
  PRIMARY KEY (campaign_id, stage, n)
);
CREATE INDEX campaign_chunk_due ON campaign_chunk (due_at) WHERE due_at IS NOT NULL;

-- What said that a source must stop, until its campaign has been paused: whoever says so holds locks of people, and must
-- not wait for a campaign's.
CREATE TABLE campaign_halt (
  source_id bigint PRIMARY KEY,
  reason    text NOT NULL,
  because   text NOT NULL,
  at        timestamptz NOT NULL
);
