-- A configured account behind an adapter.
CREATE TABLE provider (
  id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name       text NOT NULL UNIQUE,
  channel    text NOT NULL,
  adapter    text NOT NULL,
  settings   bytea NOT NULL,            -- JSON, encrypted with this installation's key
  enabled    boolean NOT NULL DEFAULT true,
  rank       integer NOT NULL DEFAULT 0, -- the lowest rank of a channel is used first
  per_second double precision,           -- null: as fast as it takes
  unit_cost  double precision NOT NULL DEFAULT 0,    -- money per message (SMS: per part)
  created_at timestamptz NOT NULL
);

-- Pacing and breaker of a provider, one leased row: all processes obey one budget.
CREATE TABLE provider_state (
  provider_id   integer PRIMARY KEY REFERENCES provider (id),
  tokens        double precision NOT NULL DEFAULT 0,
  tokens_at     timestamptz,             -- wall time at which `tokens` was true
  paused_until  timestamptz,             -- wall time: throttled or broken until then
  failures      integer NOT NULL DEFAULT 0,
  reason        text NOT NULL DEFAULT ''
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
  text        text NOT NULL,
  reading     text,                     -- opt_out, opt_in, help, or null
  at          timestamptz NOT NULL,
  PRIMARY KEY (bucket, id)
);
CREATE INDEX inbound_by_sender ON inbound (bucket, channel, sender, at);
