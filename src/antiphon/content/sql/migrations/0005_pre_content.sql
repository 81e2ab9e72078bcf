-- A message in all its channel forms; each change makes a new version, so what was sent stays readable.
CREATE TABLE message (
  id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name       text NOT NULL UNIQUE,
  version    integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL
);
CREATE TABLE message_version (
  message_id integer NOT NULL REFERENCES message (id),
  version    integer NOT NULL,
  document   jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (message_id, version)
);
