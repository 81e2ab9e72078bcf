CREATE SEQUENCE notification_seq;
CREATE SEQUENCE delivery_seq;

-- What a notification comes from: a campaign, a journey, an API call. Pause and cancel are its flags.
CREATE TABLE source (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind        text NOT NULL CHECK (kind IN ('campaign', 'journey', 'api', 'system')),
  name        text NOT NULL,
  message_id  integer NOT NULL,
  version     integer NOT NULL,          -- of the message
  topic       text NOT NULL DEFAULT '',
  purpose     text NOT NULL,
  channels    text[] NOT NULL,           -- ticked, in the order of the message's defaults
  failover_on text NOT NULL CHECK (failover_on IN ('definite', 'silence')),
  prefer      text,                      -- the channel that the rest was shifted to
  silence_s   jsonb NOT NULL DEFAULT '{}', -- {"push": 30}: overrides of the silence time-outs
  terms       jsonb NOT NULL DEFAULT '{}', -- priority, eligibility, what it follows, when, at what cost: records.Terms
  state       text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'paused', 'cancelled'))
);

-- Money that a source may spend: reserved when an attempt is decided.
CREATE TABLE source_budget (
  source_id bigint PRIMARY KEY,
  amount    double precision NOT NULL CHECK (amount >= 0),
  reserved  double precision NOT NULL DEFAULT 0
);

-- The lock and the rolling counters of a person; due while one of their open notifications must wait.
CREATE TABLE person (
  bucket      smallint NOT NULL,
  profile_id  bigint NOT NULL,
  due_at      timestamptz,
  lease_until timestamptz,
  lease       integer NOT NULL DEFAULT 0,
  version     integer NOT NULL DEFAULT 0,
  capped_at   timestamptz[] NOT NULL DEFAULT '{}',  -- when capped messages were decided, within the longest cap
  capped_as   bigint[] NOT NULL DEFAULT '{}',       -- of which source, on which channel: store/places.py packs them
  merged_into bigint,                  -- this number turned out to be that person: the ledger keeps it, decisions follow
  PRIMARY KEY (bucket, profile_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
-- serves the claim
CREATE INDEX person_due_at ON person (due_at) WHERE due_at IS NOT NULL;
-- serves whatever asks for all numbers of a person
CREATE INDEX person_by_merged ON person (merged_into) WHERE merged_into IS NOT NULL;

-- What one person should learn once. bucket = profile's = id & 255.
CREATE TABLE notification (
  bucket     smallint NOT NULL,
  id         bigint NOT NULL,
  profile_id bigint NOT NULL,
  source_id  bigint NOT NULL,
  variant    text NOT NULL DEFAULT '',
  state      text NOT NULL DEFAULT 'open'
             CHECK (state IN ('open', 'waiting', 'sent', 'delivered', 'failed', 'dropped', 'cancelled')),
  -- named by indexes in place of `state`, so that sent → delivered stays a heap-only update
  is_open    boolean NOT NULL GENERATED ALWAYS AS (state IN ('open', 'waiting')) STORED,
  reason     text,                      -- why it waits, was dropped or failed: a word of the contract
  channel    text,                      -- of the newest delivery
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  decision   jsonb,                     -- the newest: what, why, the runners-up
  variables  jsonb,
  PRIMARY KEY (bucket, id)
) WITH (fillfactor = 80);
-- prevents one source from telling one person twice. Serves "why": what a person was told
CREATE UNIQUE INDEX notification_once ON notification (bucket, profile_id, source_id);
-- serves the recipients and counts of a campaign
CREATE INDEX notification_of_source ON notification (source_id, profile_id);
-- serves a decision: all that is still open for a person
CREATE INDEX notification_open ON notification (bucket, profile_id) WHERE is_open;
-- serves the end, the resume and the cancel of a campaign, however much is open of others
CREATE INDEX notification_open_of_source ON notification (source_id) WHERE is_open;

-- Directory: an API caller's key leads to one notification. `bucket` is the hash of the key.
CREATE TABLE idempotency (
  bucket          smallint NOT NULL,
  key             text NOT NULL,
  notification_id bigint NOT NULL,
  PRIMARY KEY (bucket, key)
);
-- serves erasure and retention: a key goes with what it led to
CREATE INDEX idempotency_by_notification ON idempotency (notification_id);

-- Directory: what somebody who wrote STOP, START or HELP was answered last, per kind, so that each is answered once.
-- `bucket` is the hash of (channel, address).
CREATE TABLE answer (
  bucket  smallint NOT NULL,
  channel text NOT NULL,
  address text NOT NULL,
  kind    text NOT NULL,                 -- stop, start, help, narrowed, topic:<name>
  at      timestamptz NOT NULL,
  about   timestamptz,                   -- stop: the opt-out that it confirmed
  topics  text[] NOT NULL DEFAULT '{}',  -- stop: what it offered to stop alone, in the order of their numbers
  n       integer NOT NULL DEFAULT 1,    -- of this kind, with never a day between two
  PRIMARY KEY (bucket, channel, address, kind)
);

-- Directory: one source, one address, once. `bucket` is the hash of (channel, value).
CREATE TABLE source_address (
  bucket     smallint NOT NULL,
  source_id  bigint NOT NULL,
  key        uuid NOT NULL,              -- first 16 bytes of a hash of (channel, value)
  profile_id bigint NOT NULL,
  PRIMARY KEY (bucket, source_id, key)
);

-- One attempt over one channel through one provider, and its due row: schedule, then the failover time-out.
-- No index names `state`, so that a change of state alone stays a heap-only update.
CREATE TABLE delivery (
  bucket          smallint NOT NULL,
  id              bigint NOT NULL,
  notification_id bigint NOT NULL,
  profile_id      bigint NOT NULL,
  source_id       bigint NOT NULL,
  n               smallint NOT NULL,    -- the how-manieth attempt of its notification, from 1
  channel         text NOT NULL,
  address         text NOT NULL,
  provider_id     integer NOT NULL,
  lane            smallint NOT NULL,    -- urgency; 9 = handed over, waits for its failover time-out
  state           text NOT NULL DEFAULT 'queued'
                  CHECK (state IN ('queued', 'sending', 'in_doubt', 'accepted', 'sent', 'expired', 'failed',
                                   'delivered', 'read', 'cancelled', 'superseded')),
  failure         text,                 -- address, message, optout, temporary, policy
  code            text,
  attempts        smallint NOT NULL DEFAULT 0,  -- hand-overs tried: temporary refusals are tried again
  opened_at       timestamptz,          -- by a person, not a machine
  clicked_at      timestamptz,
  machine_opened  boolean NOT NULL DEFAULT false,  -- by a scanner or a privacy proxy: told once on the timeline
  machine_clicked boolean NOT NULL DEFAULT false,
  objected        boolean NOT NULL DEFAULT false,  -- its receiver complained, or opted out because of it: counted once
  handed_at       timestamptz,          -- product time of the hand-over
  due_at          timestamptz,          -- null: waits for nothing; infinity: its source is paused
  leave_by        timestamptz,          -- quiet hours begin then: what has not left by then is decided anew
  lease_until     timestamptz,
  lease           integer NOT NULL DEFAULT 0,
  version         integer NOT NULL DEFAULT 0,
  PRIMARY KEY (bucket, id),
  -- prevents two attempts at once: n is counted under the person's lock. Serves failover and "why"
  CONSTRAINT delivery_attempt UNIQUE (bucket, notification_id, n)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
-- serves the claim per provider, urgent lane first; a delivery that waits for nothing is not in it
CREATE INDEX delivery_due ON delivery (provider_id, lane, due_at) WHERE due_at IS NOT NULL;
-- serves who was told another way: what followed another attempt, and nothing else, is in it
CREATE INDEX delivery_failover ON delivery (source_id, id) WHERE n > 1;

-- What a decision read: kept for every wait and every drop, and for a sample of the rest, so that it can be replayed.
CREATE TABLE decision_input (
  bucket        smallint NOT NULL,
  id            bigint GENERATED ALWAYS AS IDENTITY,
  profile_id    bigint NOT NULL,
  at            timestamptz NOT NULL,
  notifications bigint[] NOT NULL,       -- of which it was decided
  policy        bytea NOT NULL,          -- digest: decision_policy
  inputs        bytea NOT NULL,          -- the person's case, packed
  PRIMARY KEY (bucket, id)
);
-- serves whoever asks why
CREATE INDEX decision_input_of ON decision_input (bucket, profile_id, at);
-- serves the trim
CREATE INDEX decision_input_at ON decision_input USING brin (at);

-- What the operator had set, which accounts there were and what was known of everybody when it was decided.
CREATE TABLE decision_policy (
  digest bytea PRIMARY KEY,
  at     timestamptz NOT NULL,           -- when it was first used
  policy bytea NOT NULL
);
