-- name: find_staff
-- One colleague with what they sign in with: by id, or by e-mail address.
SELECT m.*, (SELECT count(*) FROM passkey p WHERE p.staff_id = m.id) AS passkeys
  FROM staff m
 WHERE m.id = :id OR m.email_key = :email_key;

-- name: lock_staff
-- The same, held until their row has been written.
SELECT m.*, (SELECT count(*) FROM passkey p WHERE p.staff_id = m.id) AS passkeys
  FROM staff m
 WHERE m.id = :id
   FOR UPDATE OF m;

-- name: list_staff
-- Everybody, the first who came first; those who left too.
SELECT m.*, (SELECT count(*) FROM passkey p WHERE p.staff_id = m.id) AS passkeys
  FROM staff m
 WHERE m.id > :after
 ORDER BY m.id
 LIMIT :limit;

-- name: insert_staff
-- Nothing comes back when somebody has this address already.
INSERT INTO staff (email, email_key, name, role, state, created_at)
VALUES (:email, :email_key, :full_name, :role, :state, :at)
    ON CONFLICT (email_key) DO NOTHING
RETURNING id;

-- name: lock_first
-- One at a time decides whether there is anybody yet.
LOCK TABLE staff IN SHARE ROW EXCLUSIVE MODE;

-- name: has_active
-- Whether somebody can sign in at all.
SELECT EXISTS (SELECT 1 FROM staff WHERE state = 'active');

-- name: write_first
-- The first owner; an address that is known, such as that of an unanswered invitation, becomes theirs.
INSERT INTO staff (email, email_key, name, role, state, password, created_at)
VALUES (:email, :email_key, :full_name, 'owner', 'active', :password, :at)
    ON CONFLICT (email_key) DO UPDATE
   SET name = excluded.name, role = 'owner', state = 'active', password = excluded.password, totp = NULL,
       totp_step = 0, recovery = '{}'
RETURNING id;

-- name: write_sample
-- A colleague of the sample company: no password, so nobody signs in as them anywhere else.
INSERT INTO staff (email, email_key, name, role, state, created_at)
VALUES (:email, :email_key, :full_name, :role, 'active', :at)
    ON CONFLICT (email_key) DO UPDATE
   SET state = 'active', role = excluded.role
RETURNING id;

-- name: write_person
-- How they are called and reached, and how the app looks for them.
UPDATE staff
   SET name = :full_name, email = :email, email_key = :email_key, wishes = :wishes
 WHERE id = :id;

-- name: write_role
-- What they may do.
UPDATE staff
   SET role = :role
 WHERE id = :id;

-- name: lock_owners
-- Those who can sign in: whoever takes one away counts them while nobody else does.
SELECT id
  FROM staff
 WHERE role = 'owner' AND state = 'active'
 ORDER BY id
   FOR UPDATE;

-- name: write_password
-- A new password; who was invited is now one of us.
UPDATE staff
   SET password = :password, state = CASE WHEN state = 'invited' THEN 'active' ELSE state END
 WHERE id = :id;

-- name: rehash_password
-- The same password under today's parameters, unless it was changed meanwhile.
UPDATE staff
   SET password = :password
 WHERE id = :id AND password = :before;

-- name: write_left
-- They sign in by nothing any more: whoever comes back begins anew.
UPDATE staff
   SET state = 'left', password = NULL, totp = NULL, recovery = '{}'
 WHERE id = :id;

-- name: delete_passkeys
-- Of who has left, or has lost the device.
DELETE FROM passkey
 WHERE staff_id = :id;

-- name: write_invited
-- They may come back, with a new link.
UPDATE staff
   SET state = 'invited'
 WHERE id = :id AND state = 'left';

-- name: list_sso_titles
-- The buttons beside the password.
SELECT name, title
  FROM sso
 WHERE enabled
 ORDER BY title, name;
