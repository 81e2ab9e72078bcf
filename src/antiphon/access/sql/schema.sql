-- A key of a program; only its hash is kept, so it is shown once.
CREATE TABLE api_key (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name       text NOT NULL,
  scope      text NOT NULL CHECK (scope IN ('write', 'read', 'admin')),
  hash       bytea NOT NULL UNIQUE,   -- SHA-256 of the key, which has 256 random bits itself
  created_at timestamptz NOT NULL,
  revoked_at timestamptz,
  made_by    text NOT NULL DEFAULT '',  -- staff:12, command
  used_at    timestamptz,               -- wall time, to within a minute or two
  per_second integer CHECK (per_second > 0)  -- requests; null: as many as it likes
);

-- People who work here. Never deleted while the audit log names them: who leaves is `left`.
CREATE TABLE staff (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email          text NOT NULL,             -- as it was written
  email_key      text NOT NULL UNIQUE,      -- lower case: nobody has two accounts
  name           text NOT NULL,
  role           text NOT NULL CHECK (role IN ('owner', 'manager', 'marketer', 'agent', 'analyst', 'developer')),
  state          text NOT NULL CHECK (state IN ('invited', 'active', 'left')),
  password       text,                      -- argon2id in PHC form; null: signs in by passkey or single sign-on alone
  totp           bytea,                     -- sealed; null: no code is asked for
  totp_step      bigint NOT NULL DEFAULT 0, -- of the last code that was taken: none works twice
  recovery       bytea[] NOT NULL DEFAULT '{}',  -- SHA-256 of codes that are still good
  wishes         jsonb NOT NULL DEFAULT '{}',    -- locale, theme, keys: how the app looks for them
  created_at     timestamptz NOT NULL,
  seen_at        timestamptz
);

-- Who is signed in where; the token itself is in the browser's cookie alone. Times are wall time: they are security's.
CREATE TABLE staff_session (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  staff_id   bigint NOT NULL REFERENCES staff,
  hash       bytea NOT NULL UNIQUE,         -- SHA-256 of the token, which has 256 random bits
  factors    text[] NOT NULL,               -- password, totp, recovery, passkey, sso
  waiting    boolean NOT NULL DEFAULT false,  -- the password was right, the second factor is still to come
  enrolling  boolean NOT NULL DEFAULT false,  -- waits until a second factor has been set up
  client     text NOT NULL,                 -- browser and system in words, as people tell their devices apart
  address    text NOT NULL,
  created_at timestamptz NOT NULL,
  seen_at    timestamptz NOT NULL,
  ends_at    timestamptz NOT NULL,
  proved_at  timestamptz NOT NULL           -- when a password or passkey was last asked for: what is grave wants it fresh
);
-- Ends all of somebody's at once.
CREATE INDEX staff_session_staff ON staff_session (staff_id);

-- One-time links: an invitation, a forgotten password, the first owner. Only the hash is kept.
CREATE TABLE staff_link (
  hash       bytea PRIMARY KEY,
  staff_id   bigint NOT NULL REFERENCES staff,
  kind       text NOT NULL CHECK (kind IN ('invitation', 'password')),
  made_by    bigint REFERENCES staff,
  created_at timestamptz NOT NULL,
  ends_at    timestamptz NOT NULL
);

CREATE TABLE passkey (
  id         bytea PRIMARY KEY,             -- the credential id (WebAuthn 5.1)
  staff_id   bigint NOT NULL REFERENCES staff,
  name       text NOT NULL,
  public_key bytea NOT NULL,                -- COSE
  sign_count bigint NOT NULL,
  created_at timestamptz NOT NULL,
  used_at    timestamptz
);
CREATE INDEX passkey_staff ON passkey (staff_id);

-- Where colleagues may sign in from: OpenID providers of this company.
CREATE TABLE sso (
  name       text PRIMARY KEY,              -- stands in the callback's path
  title      text NOT NULL,                 -- on the button
  issuer     text NOT NULL,
  client_id  text NOT NULL,
  secret     bytea NOT NULL,                -- sealed
  domains    text[] NOT NULL,               -- of e-mail addresses: others are turned away
  role       text,                          -- of whom it brings for the first time; null: only who was invited comes in
  enabled    boolean NOT NULL DEFAULT true,
  second_factor text NOT NULL DEFAULT 'assumed' CHECK (second_factor IN ('assumed', 'told')),
  acr        text[] NOT NULL DEFAULT '{}'   -- of which it says one where it asked for two factors
);

-- Of whom a second factor is demanded; nothing here: of nobody.
CREATE TABLE sign_in_rule (
  singleton     boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  second_factor text NOT NULL CHECK (second_factor IN ('optional', 'admins', 'everybody'))
);

-- Whom an OpenID provider knows by which subject: addresses change hands, subjects do not.
CREATE TABLE sso_subject (
  issuer   text NOT NULL,
  subject  text NOT NULL,
  staff_id bigint NOT NULL REFERENCES staff,
  PRIMARY KEY (issuer, subject)
);

-- What was begun at a browser and must come back from there: WebAuthn challenges, sign-ins at an OpenID provider.
CREATE TABLE sign_in_begun (
  hash       bytea PRIMARY KEY,             -- SHA-256 of the state or challenge
  kind       text NOT NULL,
  sealed     bytea NOT NULL,
  created_at timestamptz NOT NULL,
  ends_at    timestamptz NOT NULL
);

-- How often a guess was wrong, by account and by address, hashed with the installation's key.
CREATE TABLE sign_in_throttle (
  key      bytea PRIMARY KEY,
  failures int NOT NULL,
  since    timestamptz NOT NULL,
  until    timestamptz NOT NULL             -- no guess is looked at before
);

-- Every change that somebody asked for, and how it ended. Written before the change is tried: none leaves no trace.
CREATE TABLE audit (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at         timestamptz NOT NULL,          -- wall time
  actor_kind text NOT NULL CHECK (actor_kind IN ('staff', 'key', 'command', 'nobody')),
  actor_id   bigint,
  actor      text NOT NULL,                 -- the name at that time
  act        text NOT NULL,                 -- campaigns.launch
  target     text NOT NULL DEFAULT '',      -- personal addresses are masked
  detail     jsonb NOT NULL DEFAULT '{}',   -- what was asked, without secrets and without people's data
  address    text NOT NULL DEFAULT '',
  status     int,                           -- of HTTP; null: it was cut off
  session_id bigint
);
-- The newest first, of one actor or one act.
CREATE INDEX audit_actor ON audit (actor_kind, actor_id, id DESC);
CREATE INDEX audit_act ON audit (act, id DESC);
-- Whoever keeps to the retention rule says up to when, for one transaction; the last day stays whatever is said.
CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.at < nullif(current_setting('antiphon.audit_let_go_before', true), '')::timestamptz
       AND OLD.at < clock_timestamp() - interval '1 day' THEN
      RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit log is only ever added to';
  END IF;
  IF OLD.status IS NOT NULL
     OR to_jsonb(OLD) - 'status' IS DISTINCT FROM to_jsonb(NEW) - 'status' THEN
    RAISE EXCEPTION 'the audit log is only ever added to';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_stays();
