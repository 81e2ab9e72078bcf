-- name: list_sso
-- Every provider that is set up.
SELECT name, title, issuer, client_id, secret, domains, role, enabled, second_factor, acr
  FROM sso
 ORDER BY title, name;

-- name: find_sso
-- One provider.
SELECT name, title, issuer, client_id, secret, domains, role, enabled, second_factor, acr
  FROM sso
 WHERE name = :sso_name;

-- name: put_sso
-- As it stands from now on.
INSERT INTO sso (name, title, issuer, client_id, secret, domains, role, enabled, second_factor, acr)
VALUES (:sso_name, :title, :issuer, :client_id, :secret, :domains, :role, :enabled, :second_factor, :acr)
    ON CONFLICT (name) DO UPDATE
   SET title = excluded.title, issuer = excluded.issuer, client_id = excluded.client_id, secret = excluded.secret,
       domains = excluded.domains, role = excluded.role, enabled = excluded.enabled,
       second_factor = excluded.second_factor, acr = excluded.acr;

-- name: remove_sso
-- Whom it knows by which subject stays: the same provider may be set up again.
DELETE FROM sso WHERE name = :sso_name;

-- name: find_bound
-- Whom this provider means by this subject.
SELECT s.id, s.state
  FROM sso_subject b
  JOIN staff s ON s.id = b.staff_id
 WHERE b.issuer = :issuer AND b.subject = :subject;

-- name: lock_by_email
-- Who has this address, held until they are bound.
SELECT id, state
  FROM staff
 WHERE email_key = :email_key
   FOR UPDATE;

-- name: is_bound
-- Whether this provider means somebody already; read once they are locked, or it would be older than the lock.
SELECT EXISTS (SELECT FROM sso_subject WHERE staff_id = :staff AND issuer = :issuer);

-- name: insert_brought
-- A new colleague whom a provider brings; nothing is returned when somebody has the address by now.
INSERT INTO staff (email, email_key, name, role, state, created_at)
VALUES (:email, :email_key, :staff_name, :role, 'active', :now)
    ON CONFLICT (email_key) DO NOTHING
RETURNING id;

-- name: bind_subject
-- From now on this subject is this colleague, whatever their address; nothing is written when it is somebody by now.
INSERT INTO sso_subject (issuer, subject, staff_id)
VALUES (:issuer, :subject, :staff)
    ON CONFLICT (issuer, subject) DO NOTHING;

-- name: activate_invited
-- They came by single sign-on instead of by their invitation, which is void now.
WITH gone AS (DELETE FROM staff_link WHERE staff_id = :staff AND kind = 'invitation')
UPDATE staff
   SET state = 'active'
 WHERE id = :staff AND state = 'invited';

-- name: unbind_subjects
-- Whom no provider means any longer.
DELETE FROM sso_subject WHERE staff_id = :staff;

-- name: end_sso_sessions
-- Signed out of everything that was opened by single sign-on.
DELETE FROM staff_session s
 USING sso_subject b
 WHERE b.issuer = :issuer AND b.subject = :subject AND s.staff_id = b.staff_id AND 'sso' = ANY (s.factors);
