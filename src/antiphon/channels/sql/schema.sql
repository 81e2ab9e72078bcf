-- A configured account behind an adapter.
CREATE TABLE provider (
  id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name       text NOT NULL UNIQUE,
  channel    text NOT NULL,
  adapter    text NOT NULL,
  settings   bytea NOT NULL,            -- JSON, encrypted with this installation's key
  enabled    boolean NOT NULL DEFAULT true,
  rank       integer NOT NULL DEFAULT 0, -- the lowest rank of a channel is used first
  weight     integer NOT NULL DEFAULT 100 CHECK (weight >= 0), -- its share among those of one rank
  per_second double precision,           -- null: as fast as it takes
  unit_cost  double precision NOT NULL DEFAULT 0,    -- money per message (SMS: per part)
  costs      jsonb NOT NULL DEFAULT '{}', -- the same by region where it differs: {"GR": 0.05}
  warm_up    jsonb,                      -- {"from": "2026-12-01", "per_day": [50, 100]}: null where it needs none
  created_at timestamptz NOT NULL
);

-- Pacing, breaker and health of a provider, one leased row: all processes obey one budget.
CREATE TABLE provider_state (
  provider_id   integer PRIMARY KEY REFERENCES provider (id),
  tokens        double precision NOT NULL DEFAULT 0,
  tokens_at     timestamptz,             -- wall time at which `tokens` was true
  paused_until  timestamptz,             -- wall time: throttled or broken until then
  failures      integer NOT NULL DEFAULT 0,  -- in a row; above 0 and no pause: half open, one probe at a time
  probing_until timestamptz,             -- wall time: somebody's probe is under way
  closed_at     timestamptz,             -- wall time: answers from before are held against it no more
  reason        text NOT NULL DEFAULT '',
  health        double precision NOT NULL DEFAULT 1,  -- 0 to 1, by answers and receipts of the last minutes
  health_why    jsonb NOT NULL DEFAULT '""',  -- a sentence as `kernel.said.kept` makes it
  silence_s     double precision,        -- learned from receipts: after this time nothing more is to be expected
  measured_at   timestamptz              -- wall time of the last look at its health
);

-- What a provider answered and reported, as it is appended: health is worked out of the last minutes. Its keeper
-- makes sums of it: by ten seconds, after half an hour by five minutes, then by hour, then by day.
CREATE TABLE provider_tally (
  provider_id integer NOT NULL,
  at          timestamptz NOT NULL,      -- product time of the hand-over; of a latency, of its receipt
  noted_at    timestamptz NOT NULL,      -- wall time: the breaker looks at the last minute
  kind        text NOT NULL,             -- accepted, refused, temporary, policy, deferred, unsent, doubt, blamed,
                                         -- delivered, failed, latency:<n>
  n           bigint NOT NULL
);
-- serves the breaker's look at the last minute, and the keeper
CREATE INDEX provider_tally_noted ON provider_tally (noted_at);

-- Who of several processes may open how many connections to a provider, or listens to it, until when.
CREATE TABLE provider_lease (
  provider_id integer NOT NULL,
  part        text NOT NULL CHECK (part IN ('send', 'listen')),
  holder      uuid NOT NULL,             -- a process
  connections integer NOT NULL DEFAULT 0,
  until       timestamptz NOT NULL,      -- wall time
  PRIMARY KEY (provider_id, part, holder)
);

-- How fast a receiving mail system takes our mail through one provider: learned from what it answers.
CREATE TABLE receiver_pace (
  provider_id  integer NOT NULL,
  receiver     text NOT NULL,            -- google, microsoft, yahoo, apple, … or a domain
  per_second   double precision NOT NULL,
  ceiling      double precision NOT NULL, -- about here it deferred last: up to it the pace rises fast
  next_at      timestamptz,              -- wall time of the next free slot
  tail_at      timestamptz,              -- wall time: about when who was told to come again later has had a turn
  paused_until timestamptz,              -- wall time
  held_until   timestamptz,              -- wall time: deferrals until then are of what was under way at the last cut
  deferred     bigint NOT NULL DEFAULT 0,
  deferred_at  timestamptz NOT NULL,     -- wall time of the last one: a day later the pace is forgotten
  code         text NOT NULL DEFAULT '', -- what it last said when it deferred
  PRIMARY KEY (provider_id, receiver)
);

-- How much of a day's warm-up has been used, per receiving mail system.
CREATE TABLE provider_day (
  provider_id integer NOT NULL,
  receiver    text NOT NULL,
  day         date NOT NULL,             -- UTC, wall time
  n           integer NOT NULL DEFAULT 0,
  PRIMARY KEY (provider_id, receiver, day)
);

-- What an account must not forget: how far a mailbox was read.
CREATE TABLE provider_memory (
  provider_id integer NOT NULL,
  key         text NOT NULL,
  value       jsonb NOT NULL,
  PRIMARY KEY (provider_id, key)
);

-- What may be said on a channel that knows windows, until when: opened by what the person writes. `bucket` is the hash
-- of (channel, value).
CREATE TABLE contact_window (
  bucket  smallint NOT NULL,
  channel text NOT NULL,
  value   text NOT NULL,
  kind    text NOT NULL CHECK (kind IN ('free', 'human')),  -- afterwards: templates only, or nothing
  until   timestamptz NOT NULL,
  PRIMARY KEY (bucket, channel, value)
);

-- Directory: the provider's own id of a message leads to our delivery. `bucket` is the hash of (provider, id).
CREATE TABLE provider_message (
  bucket      smallint NOT NULL,
  provider_id integer NOT NULL,
  id          text NOT NULL,
  delivery_id bigint NOT NULL,
  PRIMARY KEY (bucket, provider_id, id)
);
-- serves erasure and retention: what names a delivery goes with it
CREATE INDEX provider_message_by_delivery ON provider_message (delivery_id);

-- A receipt that came before we knew its id, or that names nobody; folded when the id is recorded.
CREATE TABLE unmatched_receipt (
  bucket      smallint NOT NULL,
  provider_id integer NOT NULL,
  id          text NOT NULL,
  receipt     jsonb NOT NULL,
  at          timestamptz NOT NULL
);
CREATE INDEX unmatched_receipt_by_id ON unmatched_receipt (bucket, provider_id, id);

-- What people wrote to us. Kept even when nobody is found behind the address.
CREATE TABLE inbound (
  bucket      smallint NOT NULL,        -- hash of (channel, sender)
  id          bigint GENERATED ALWAYS AS IDENTITY,
  provider_id integer NOT NULL,
  channel     text NOT NULL,
  sender      text NOT NULL,
  recipient   text NOT NULL,
  subject     text NOT NULL DEFAULT '',
  text        text NOT NULL,
  reading     text,                     -- opt_out, opt_in, help, or null
  message_id  text,                     -- of the channel: the same message taken in twice is one
  delivery_id bigint,                   -- of ours that it answers, as far as it says so itself
  automatic   boolean NOT NULL DEFAULT false, -- no person wrote it
  at          timestamptz NOT NULL,
  PRIMARY KEY (bucket, id)
);
-- prevents the same message of one sender from being taken in twice; senders name their messages as they please
CREATE UNIQUE INDEX inbound_once ON inbound (bucket, channel, sender, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX inbound_by_sender ON inbound (bucket, channel, sender, at);
