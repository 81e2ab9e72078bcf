-- A message in all its channel forms. What was published stays readable for ever: what was sent is rendered from it.
CREATE TABLE message (
  id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name        text NOT NULL UNIQUE,
  version     integer NOT NULL DEFAULT 0,    -- the newest that was published; 0: none yet
  revision    integer NOT NULL DEFAULT 1,    -- grows with every change, so that of two who edit each sees the other
  topic       text NOT NULL,                 -- this and the next two: of the newest version, of the draft before there is one
  channels    text[] NOT NULL,
  locales     text[] NOT NULL,
  created_at  timestamptz NOT NULL,
  changed_at  timestamptz NOT NULL,
  by          text NOT NULL DEFAULT '',      -- who changed it last
  archived_at timestamptz
);
-- serves the list: what was changed last stands first
CREATE INDEX message_by_change ON message (changed_at DESC, id DESC);

-- What was published. A number below 0 is no version: it is what somebody sent as a test, as it was marked.
CREATE TABLE message_version (
  message_id integer NOT NULL REFERENCES message (id) ON DELETE CASCADE,
  version    integer NOT NULL,
  document   jsonb NOT NULL,                 -- ready to be sent: variants are whole forms
  written    jsonb NOT NULL,                 -- as its author wrote it: what is edited further
  by         text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL,
  PRIMARY KEY (message_id, version)
);

-- What a message may become. It may be incomplete: what somebody typed is kept, whatever is wrong with it.
CREATE TABLE message_draft (
  message_id integer PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
  written    jsonb NOT NULL,
  based_on   integer NOT NULL,               -- the version that was the newest when it was begun
  by         text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL
);

-- A name that a message had before: programs that send by it go on.
CREATE TABLE message_former_name (
  name       text PRIMARY KEY,
  message_id integer NOT NULL REFERENCES message (id) ON DELETE CASCADE
);

-- A test that says what is known of somebody, to a colleague: it is forgotten with them.
CREATE TABLE message_trial (
  bucket          smallint NOT NULL,
  profile_id      bigint NOT NULL,           -- whose values they are, not who got it
  notification_id bigint NOT NULL,
  PRIMARY KEY (bucket, profile_id, notification_id)
);
