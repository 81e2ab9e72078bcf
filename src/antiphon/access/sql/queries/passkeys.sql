-- name: insert_begun
-- What went out to a browser and may come back once.
INSERT INTO sign_in_begun (hash, kind, sealed, created_at, ends_at)
VALUES (:hash, :kind, :sealed, :at, :ends_at);

-- name: take_begun
-- It came back: whatever becomes of it, it does not count a second time.
DELETE FROM sign_in_begun
 WHERE hash = :hash AND kind = :kind
RETURNING sealed, ends_at;

-- name: sweep_begun
-- What never came back; of a flood the newest are kept.
DELETE FROM sign_in_begun
 WHERE ends_at <= :at
    OR hash IN (SELECT hash FROM sign_in_begun ORDER BY created_at DESC OFFSET :keep);

-- name: insert_passkey
-- A new one; nothing is returned when this credential is known already, to whomever it belongs.
INSERT INTO passkey (id, staff_id, name, public_key, sign_count, created_at)
VALUES (:id, :staff, :key_name, :public_key, :sign_count, :at)
    ON CONFLICT (id) DO NOTHING
RETURNING id;

-- name: find_passkey
-- Whose it is and what it signs with, held until its count has been written.
SELECT p.id, p.staff_id, p.public_key, p.sign_count, s.state, s.name AS staff_name
  FROM passkey p
  JOIN staff s ON s.id = p.staff_id
 WHERE p.id = :id
   FOR UPDATE OF p;

-- name: use_passkey
-- It has signed once more.
UPDATE passkey
   SET sign_count = :sign_count, used_at = :at
 WHERE id = :id;

-- name: list_passkeys
-- All of one colleague, the oldest first.
SELECT id, name, created_at, used_at
  FROM passkey
 WHERE staff_id = :staff
 ORDER BY created_at, id;

-- name: rename_passkey
-- Their own only.
UPDATE passkey
   SET name = :key_name
 WHERE id = :id AND staff_id = :staff
RETURNING id, name, created_at, used_at;

-- name: remove_passkey
-- Their own only.
DELETE FROM passkey
 WHERE id = :id AND staff_id = :staff;

-- name: hold_ways_in
-- So that two removals cannot each count on the other.
SELECT id FROM staff WHERE id = :staff FOR UPDATE;

-- name: read_ways_in
-- What somebody can sign in with; read once they are held, or it would be older than that.
SELECT s.password IS NOT NULL AS has_password,
       (SELECT count(*) FROM passkey p WHERE p.staff_id = s.id) AS passkeys,
       EXISTS (SELECT
                 FROM sso_subject b
                 JOIN sso ON sso.issuer = b.issuer AND sso.enabled
                WHERE b.staff_id = s.id) AS has_sso
  FROM staff s
 WHERE s.id = :staff;
