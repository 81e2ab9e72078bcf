-- A key of a program; only its hash is kept, so it is shown once.
CREATE TABLE api_key (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name       text NOT NULL,
  scope      text NOT NULL CHECK (scope IN ('write', 'read', 'admin')),
  hash       bytea NOT NULL UNIQUE,   -- SHA-256 of the key, which has 256 random bits itself
  created_at timestamptz NOT NULL,
  revoked_at timestamptz
);
