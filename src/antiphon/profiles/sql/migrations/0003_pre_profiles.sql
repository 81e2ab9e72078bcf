-- Low eight bits of a profile's id are its bucket: id = nextval * 256 + bucket.
CREATE SEQUENCE profile_seq;

CREATE TABLE profile (
  bucket     smallint NOT NULL,
  id         bigint NOT NULL,
  created_at timestamptz NOT NULL,
  anchor     bigint NOT NULL,             -- the identifier that it was made for: where that belongs, this profile belongs
  traits     jsonb NOT NULL DEFAULT '{}', -- the fold of `told`
  PRIMARY KEY (bucket, id)
) WITH (fillfactor = 90);

-- A profile that turned out to be another one. Its number stays good for ever: it leads to `profile_id`.
CREATE TABLE alias (
  bucket     smallint NOT NULL,           -- of the alias
  id         bigint NOT NULL,
  profile_id bigint NOT NULL,             -- never itself an alias
  anchor     bigint NOT NULL,
  created_at timestamptz NOT NULL,        -- of the profile that it was
  merged_at  timestamptz NOT NULL,
  because    jsonb NOT NULL,              -- {"by": "rule" | "staff" …, "link": [identifier, identifier]}
  PRIMARY KEY (bucket, id)
);
-- serves the profile page, un-merges and whatever asks for all numbers of a person
CREATE INDEX alias_by_profile ON alias (profile_id);

CREATE SEQUENCE identifier_seq;
-- Directory: a typed and scoped name leads to one profile, never to an alias. `kind` is `phone` or, scoped,
-- `external_id@crm`. `bucket` is the hash of (kind, value), not the profile's.
CREATE TABLE identifier (
  bucket      smallint NOT NULL,
  kind        text NOT NULL,
  value       text NOT NULL,
  id          bigint NOT NULL DEFAULT nextval('identifier_seq'),
  profile_id  bigint NOT NULL,
  source      text NOT NULL DEFAULT '',   -- who told us first
  first_at    timestamptz NOT NULL,
  seen_at     timestamptz NOT NULL,       -- last, to the day
  verified_at timestamptz,                -- null: claimed only
  shared      boolean NOT NULL DEFAULT false, -- so many people have it that it says nothing about who somebody is
  -- prevents one name from leading to two people
  PRIMARY KEY (bucket, kind, value)
);
-- serves the profile page and merges
CREATE INDEX identifier_by_profile ON identifier (profile_id);
-- serves links, origins of events and un-merges
CREATE INDEX identifier_by_id ON identifier (id);
-- serves the search by the beginning of a name
CREATE INDEX identifier_by_value ON identifier (value text_pattern_ops);
-- serves the search for duplicates: Google's mailboxes are the same with and without dots
CREATE INDEX identifier_by_mailbox ON identifier (replace(split_part(split_part(value, '@', 1), '+', 1), '.', ''))
 WHERE kind = 'email' AND value LIKE ANY ('{%@gmail.com,%@googlemail.com}');

-- Two identifiers that somebody named together: what the resolution works on. `one` is the stronger.
-- `bucket` is the low eight bits of `one`.
CREATE TABLE link (
  bucket   smallint NOT NULL,
  one      bigint NOT NULL,
  other    bigint NOT NULL,
  first_at timestamptz NOT NULL,          -- event time
  last_at  timestamptz NOT NULL,          -- event time, to the day
  source   text NOT NULL,
  PRIMARY KEY (bucket, one, other)
);
CREATE INDEX link_by_one ON link (one);
CREATE INDEX link_by_other ON link (other);

-- What a person decided about two identifiers, for ever: they are one customer, or they are not. The latest of a
-- pair counts.
CREATE TABLE verdict (
  bucket   smallint NOT NULL,             -- low eight bits of `one`, the smaller number
  one      bigint NOT NULL,
  other    bigint NOT NULL,
  same     boolean NOT NULL,
  at       timestamptz NOT NULL,
  by       text NOT NULL,
  PRIMARY KEY (bucket, one, other)
);
CREATE INDEX verdict_by_one ON verdict (one);
CREATE INDEX verdict_by_other ON verdict (other);

-- The due row of an identifier whose links changed: who it belongs to is worked out anew.
CREATE TABLE identity_due (
  bucket        smallint NOT NULL,        -- low eight bits of the identifier's number
  identifier_id bigint NOT NULL,
  due_at        timestamptz,
  lease_until   timestamptz,
  lease         integer NOT NULL DEFAULT 0,
  version       integer NOT NULL DEFAULT 0,
  PRIMARY KEY (bucket, identifier_id)
);
CREATE INDEX identity_due_at ON identity_due (due_at) WHERE due_at IS NOT NULL;

-- The due row of a profile whose events must still be moved to whom they belong to. While it stands, nothing is
-- decided for `profile_id`'s present person. A last look comes after `seen_xid`: who wrote before it has ended then.
CREATE TABLE move_due (
  bucket      smallint NOT NULL,          -- of profile_id
  profile_id  bigint NOT NULL,
  due_at      timestamptz,
  lease_until timestamptz,
  lease       integer NOT NULL DEFAULT 0,
  version     integer NOT NULL DEFAULT 0,
  seen_xid    xid8 NOT NULL,
  moving      bigint[] NOT NULL,          -- the people that are not whole yet
  PRIMARY KEY (bucket, profile_id)
);
CREATE INDEX move_due_at ON move_due (due_at) WHERE due_at IS NOT NULL;

-- What each identifier was told to be: the latest value and its event time for each trait. The profile's traits are
-- their fold, so they are the same in whatever order we hear of them, and part again when people do.
CREATE TABLE told (
  bucket     smallint NOT NULL,
  profile_id bigint NOT NULL,
  who        bigint NOT NULL,             -- identifier; 0: told about the profile by its number
  traits     jsonb NOT NULL,              -- {"tier": [1767225600000000, "gold"]}: microseconds since 1970, value
  PRIMARY KEY (bucket, profile_id, who)
) WITH (fillfactor = 90);

-- What traits were before: one row per change of a profile that existed.
CREATE TABLE trait_change (
  bucket     smallint NOT NULL,
  profile_id bigint NOT NULL,
  at         timestamptz NOT NULL,        -- when we learnt it
  source     text NOT NULL,
  before     jsonb NOT NULL,              -- {"tier": "silver"}; null: there was none
  who        bigint NOT NULL DEFAULT 0
);
CREATE INDEX trait_change_by_profile ON trait_change (bucket, profile_id, at);

-- Words of names, folded to lower case without accents: serves the search by the beginning of a name.
CREATE TABLE profile_word (
  bucket     smallint NOT NULL,
  profile_id bigint NOT NULL,
  word       text NOT NULL,
  PRIMARY KEY (bucket, profile_id, word)
);
CREATE INDEX profile_word_by_word ON profile_word (word text_pattern_ops, profile_id);

-- Companies, households, clubs: whatever people belong to. `bucket` is the hash of the key.
CREATE TABLE account (
  bucket     smallint NOT NULL,
  key        text NOT NULL,
  created_at timestamptz NOT NULL,
  traits     jsonb NOT NULL DEFAULT '{}',
  told       jsonb NOT NULL DEFAULT '{}', -- as in `told`
  PRIMARY KEY (bucket, key)
);
-- serves joins from belongings: an account has a bucket of its own
CREATE INDEX account_by_key ON account (key);

-- Who belongs to which account.
CREATE TABLE belonging (
  bucket     smallint NOT NULL,
  profile_id bigint NOT NULL,
  account    text NOT NULL,
  who        bigint NOT NULL DEFAULT 0,
  since      timestamptz NOT NULL,        -- event time, the earliest
  PRIMARY KEY (bucket, profile_id, account, who)
);
CREATE INDEX belonging_by_account ON belonging (account, profile_id);

-- Where a profile can be reached. `state` is what the world taught us; what the person said is in opt_out.
CREATE TABLE address (
  bucket       smallint NOT NULL,
  profile_id   bigint NOT NULL,
  channel      text NOT NULL,
  value        text NOT NULL,
  state        text NOT NULL DEFAULT 'active' CHECK (state IN ('unknown', 'active', 'soft', 'dead')),
  details      jsonb NOT NULL DEFAULT '{}',   -- push: {"p256dh", "auth"}
  changed_at   timestamptz NOT NULL,
  succeeded_at timestamptz,               -- last, to the day: a proof of arrival
  failed_at    timestamptz,               -- last
  failures     smallint NOT NULL DEFAULT 0, -- temporary ones since the last success
  on_mobile    integer NOT NULL DEFAULT 0,  -- opens and clicks by people on a phone or tablet
  on_other     integer NOT NULL DEFAULT 0,
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
  how     text NOT NULL,        -- stop_keyword, one_click, complaint, page, import, api, suppression
  scope   text NOT NULL DEFAULT 'everything' CHECK (scope IN ('marketing', 'everything')),
  PRIMARY KEY (bucket, channel, value)
);

-- serves set-wise joins from addresses, whatever their bucket: opt-outs are few beside addresses
CREATE INDEX opt_out_by_address ON opt_out (channel, value);

-- Opt-outs of people who were erased: HMAC-SHA256 of (channel, value) with this installation's salt, first 16 bytes.
-- An address that comes back is opted out at once. `bucket` is its first byte.
CREATE TABLE suppression (
  bucket smallint NOT NULL,
  digest uuid NOT NULL,
  at     timestamptz NOT NULL,
  how    text NOT NULL,
  scope  text NOT NULL,
  PRIMARY KEY (bucket, digest)
);

-- Numbers of people who were erased: they name nobody. The row is the proof that it was done, and due until the last
-- look at what others wrote about the number meanwhile.
CREATE TABLE erasure (
  bucket      smallint NOT NULL,
  profile_id  bigint NOT NULL,
  at          timestamptz NOT NULL,
  at_wall     timestamptz NOT NULL,       -- wall time: leases are counted from here
  keep_counts boolean NOT NULL,
  looks       smallint NOT NULL DEFAULT 0,
  seen_xid    xid8 NOT NULL,              -- of the erasure: who wrote before it has ended at a look
  due_at      timestamptz,
  lease_until timestamptz,
  lease       integer NOT NULL DEFAULT 0,
  version     integer NOT NULL DEFAULT 0,
  PRIMARY KEY (bucket, profile_id)
);
CREATE INDEX erasure_due_at ON erasure (due_at) WHERE due_at IS NOT NULL;

-- A kind of message that a person can want or not.
CREATE TABLE topic (
  name      text PRIMARY KEY,
  titles    jsonb NOT NULL DEFAULT '{}',  -- {"en": "Offers", "es": …}
  texts     jsonb NOT NULL DEFAULT '{}',  -- one sentence per locale, for the preference centre
  state     text NOT NULL DEFAULT 'wanted' CHECK (state IN ('wanted', 'unwanted')), -- while nothing is said
  channels  text[] NOT NULL DEFAULT '{}', -- default channels, the best first; empty: those of the message
  basis     text NOT NULL DEFAULT 'legitimate_interest', -- lawful basis: consent, contract, legal_obligation …
  needs     text NOT NULL DEFAULT 'nothing' CHECK (needs IN ('nothing', 'consent', 'double_opt_in')),
  critical  boolean NOT NULL DEFAULT false, -- codes and alerts on it pass wishes, quiet hours and caps
  shown     boolean NOT NULL DEFAULT true,  -- in the preference centre
  changed_at timestamptz NOT NULL
);

-- What people said about being written to, with its proof. Append-only: nothing of it is ever changed or taken back;
-- a withdrawal is a further row. Merges and erasure alone touch rows (whose they are; what names the person).
CREATE TABLE consent (
  bucket      smallint NOT NULL,
  id          bigint NOT NULL,            -- nextval * 256 + the bucket it was born in: it stays when a merge moves the row
  profile_id  bigint NOT NULL,
  who         bigint NOT NULL DEFAULT 0,  -- the identifier in whose name it was said; 0: the profile by its number
  at          timestamptz NOT NULL,       -- when it was said
  recorded_at timestamptz NOT NULL,
  topic       text NOT NULL,              -- '*': every topic
  channel     text NOT NULL,              -- '*': every channel
  address     text,                       -- set: said for this address alone
  -- set (marketing, everything): proof of an opt-out or opt-in of the address itself, which is kept in `opt_out` and
  -- is no part of the fold: it holds for whoever has the address
  scope       text CHECK (scope IN ('marketing', 'everything')),
  state       text NOT NULL CHECK (state IN ('wanted', 'unwanted', 'unset', 'paused', 'resumed', 'limited', 'pending')),
  until       timestamptz,                -- paused: until then
  expires_at  timestamptz,                -- a consent that runs out
  limit_count integer,                    -- limited: at most so many …
  limit_s     double precision,           -- … in any such period
  basis       text NOT NULL DEFAULT '',   -- consent, contract, legitimate_interest, legal_obligation, implied
  method      text NOT NULL,              -- page, one_click, stop_keyword, double_opt_in, api, import, form, agent …
  source      text NOT NULL DEFAULT '',   -- the form, page, key or file it came by
  wording     text NOT NULL DEFAULT '',   -- exactly what the person read
  wording_version text NOT NULL DEFAULT '',
  language    text NOT NULL DEFAULT '',
  ip          text NOT NULL DEFAULT '',
  user_agent  text NOT NULL DEFAULT '',
  asked_at    timestamptz,                -- double opt-in: when the question was sent
  confirmed_at timestamptz,               -- … and answered
  asked_id    bigint,                     -- … by this row: the `pending` one that it answers
  PRIMARY KEY (bucket, id)
);
CREATE SEQUENCE consent_seq;
-- serves the fold and the ledger's pages
CREATE INDEX consent_by_profile ON consent (bucket, profile_id, at, id);
-- serves the answer to a double opt-in, which knows no bucket: its question may have moved with a merge
CREATE INDEX consent_by_id ON consent (id) WHERE state = 'pending';
-- prevents two answers to one question
CREATE UNIQUE INDEX consent_answer ON consent (bucket, profile_id, asked_id) WHERE asked_id IS NOT NULL;

-- Whoever is at the database cannot change what was said either. What merges move and what erasure blanks may be
-- changed; rows go only while `antiphon.erasing` is on: set_config('antiphon.erasing', 'on', true).
CREATE FUNCTION keep_consent() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  free constant text[] := ARRAY['bucket', 'id', 'profile_id', 'who', 'address', 'ip', 'user_agent', 'source'];
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF coalesce(current_setting('antiphon.erasing', true), '') <> 'on' THEN
      RAISE EXCEPTION 'consent is append-only: nothing is deleted but by an erasure' USING ERRCODE = '23001';
    END IF;
    RETURN OLD;
  END IF;
  IF to_jsonb(OLD) - free <> to_jsonb(NEW) - free THEN
    RAISE EXCEPTION 'consent is append-only: a withdrawal is a further row' USING ERRCODE = '23001';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER consent_is_append_only BEFORE UPDATE OR DELETE ON consent
  FOR EACH ROW EXECUTE FUNCTION keep_consent();

-- The fold of `consent`: what holds now. No row means that nothing was said. '*' is every topic or channel.
CREATE TABLE preference (
  bucket       smallint NOT NULL,
  profile_id   bigint NOT NULL,
  topic        text NOT NULL,
  channel      text NOT NULL,
  address      text NOT NULL DEFAULT '',  -- not empty: the wish is for this address alone
  state        text CHECK (state IN ('wanted', 'unwanted')),  -- null: only paused or limited
  basis        text NOT NULL DEFAULT '',
  confirmed    boolean NOT NULL DEFAULT false, -- by double opt-in
  expires_at   timestamptz,               -- `wanted` counts until then
  paused_until timestamptz,
  limit_count  integer,
  limit_s      double precision,
  changed_at   timestamptz NOT NULL,      -- when the newest of it was said
  consent_id   bigint NOT NULL,           -- the statement that says `state`; without a state, the newest
  PRIMARY KEY (bucket, profile_id, topic, channel, address)
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
  who         bigint,             -- the identifier it happened to; null: told of the profile by its number
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
