-- Low eight bits of a profile's id are its bucket: id = nextval * 256 + bucket.
CREATE SEQUENCE profile_seq;

CREATE TABLE profile (
  bucket     smallint NOT NULL,
  id         bigint NOT NULL,
  created_at timestamptz NOT NULL,
  traits     jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (bucket, id)
) WITH (fillfactor = 90);

-- Directory: a typed name leads to one profile. `bucket` is the hash of (kind, value), not the profile's.
CREATE TABLE identifier (
  bucket     smallint NOT NULL,
  kind       text NOT NULL,
  value      text NOT NULL,
  profile_id bigint NOT NULL,
  seen_at    timestamptz NOT NULL,
  -- prevents one name from leading to two people
  PRIMARY KEY (bucket, kind, value)
);
-- serves the profile page and merges
CREATE INDEX identifier_by_profile ON identifier (profile_id);

-- Where a profile can be reached. `state` is what the world taught us; what the person said is in opt_out.
CREATE TABLE address (
  bucket     smallint NOT NULL,
  profile_id bigint NOT NULL,
  channel    text NOT NULL,
  value      text NOT NULL,
  state      text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'dead')),
  details    jsonb NOT NULL DEFAULT '{}',   -- push: {"p256dh", "auth"}
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (bucket, profile_id, channel, value)
);
-- serves opt-outs: whoever holds the address is told
CREATE INDEX address_by_value ON address (channel, value);

-- Directory: nobody writes to this address again, whoever holds it. `bucket` is the hash of (channel, value).
CREATE TABLE opt_out (
  bucket  smallint NOT NULL,
  channel text NOT NULL,
  value   text NOT NULL,
  at      timestamptz NOT NULL,
  how     text NOT NULL,        -- stop_keyword, one_click, complaint, page, import, api
  PRIMARY KEY (bucket, channel, value)
);

-- serves set-wise joins from addresses, whatever their bucket: opt-outs are few beside addresses
CREATE INDEX opt_out_by_address ON opt_out (channel, value);

-- What the person said about a topic on a channel; no row means nothing was said.
CREATE TABLE preference (
  bucket     smallint NOT NULL,
  profile_id bigint NOT NULL,
  topic      text NOT NULL,
  channel    text NOT NULL,
  state      text NOT NULL CHECK (state IN ('wanted', 'unwanted')),
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (bucket, profile_id, topic, channel)
);

-- Names of events are few and repeat: rows carry the number.
CREATE TABLE event_name (
  id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE
);

-- What happened. Append-only, partitioned by month; the default partition takes any date, 1970 or hostile.
CREATE TABLE event (
  bucket      smallint NOT NULL,
  profile_id  bigint NOT NULL,
  at          timestamptz NOT NULL,
  name_id     integer NOT NULL,
  received_at timestamptz NOT NULL,
  properties  jsonb               -- null when there are none
) PARTITION BY RANGE (at);
CREATE TABLE event_default PARTITION OF event DEFAULT;
-- serves windows of rules, for everybody and for one profile
CREATE INDEX event_by_name ON event (name_id, profile_id, at);
-- serves the timeline
CREATE INDEX event_by_profile ON event (profile_id, at);

-- Directory: a message id that was taken in. The key is the first 16 bytes of a hash of (source, message id).
CREATE TABLE seen_message (
  bucket  smallint NOT NULL,
  key     uuid NOT NULL,
  seen_at timestamptz NOT NULL,
  PRIMARY KEY (bucket, key)
);

-- One row per profile and kind of event, kept in the transaction that takes the event in. It counts every
-- event, also those dated after now: so it answers only where last_at <= now, else the raw events do.
-- Partitioned by the kind, so that a rule about everybody reads the rows of its kind and few others.
CREATE TABLE event_sum (
  bucket     smallint NOT NULL,
  profile_id bigint NOT NULL,
  name_id    integer NOT NULL,
  count      integer NOT NULL,
  first_at   timestamptz NOT NULL,
  last_at    timestamptz NOT NULL,
  PRIMARY KEY (bucket, name_id, profile_id)
) PARTITION BY HASH (name_id);
CREATE TABLE event_sum_00 PARTITION OF event_sum FOR VALUES WITH (MODULUS 16, REMAINDER 0) WITH (fillfactor = 80);
CREATE TABLE event_sum_01 PARTITION OF event_sum FOR VALUES WITH (MODULUS 16, REMAINDER 1) WITH (fillfactor = 80);
CREATE TABLE event_sum_02 PARTITION OF event_sum FOR VALUES WITH (MODULUS 16, REMAINDER 2) WITH (fillfactor = 80);
CREATE TABLE event_sum_03 PARTITION OF event_sum FOR VALUES WITH (MODULUS 16, REMAINDER 3) WITH (fillfactor = 80);
CREATE TABLE event_sum_04 PARTITION OF event_sum FOR VALUES WITH (MODULUS 16, REMAINDER 4) WITH (fillfactor = 80);
CREATE TABLE event_sum_05 PARTITION OF event_sum FOR VALUES WITH (MODULUS 16, REMAINDER 5) WITH (fillfactor = 80);
CREATE TABLE event_sum_06 PARTITION OF event_sum FOR VALUES WITH (MODULUS 16, REMAINDER 6) WITH (fillfactor = 80);
CREATE TABLE event_sum_07 PARTITION OF event_sum FOR VALUES WITH (MODULUS 16, REMAINDER 7) WITH (fillfactor = 80);
CREATE TABLE event_sum_08 PARTITION OF event_sum FOR VALUES WITH (MODULUS 16, REMAINDER 8) WITH (fillfactor = 80);
CREATE TABLE event_sum_09 PARTITION OF event_sum FOR VALUES WITH (MODULUS 16, REMAINDER 9) WITH (fillfactor = 80);
CREATE TABLE event_sum_10 PARTITION OF event_sum FOR VALUES WITH (MODULUS 16, REMAINDER 10) WITH (fillfactor = 80);
CREATE TABLE event_sum_11 PARTITION OF event_sum FOR VALUES WITH (MODULUS 16, REMAINDER 11) WITH (fillfactor = 80);
CREATE TABLE event_sum_12 PARTITION OF event_sum FOR VALUES WITH (MODULUS 16, REMAINDER 12) WITH (fillfactor = 80);
CREATE TABLE event_sum_13 PARTITION OF event_sum FOR VALUES WITH (MODULUS 16, REMAINDER 13) WITH (fillfactor = 80);
CREATE TABLE event_sum_14 PARTITION OF event_sum FOR VALUES WITH (MODULUS 16, REMAINDER 14) WITH (fillfactor = 80);
CREATE TABLE event_sum_15 PARTITION OF event_sum FOR VALUES WITH (MODULUS 16, REMAINDER 15) WITH (fillfactor = 80);

-- What was refused or looked odd, for the debugger: the newest ten thousand.
CREATE TABLE refused_event (
  id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at      timestamptz NOT NULL,
  source  text NOT NULL,
  flaws   jsonb NOT NULL,
  excerpt text NOT NULL
);
