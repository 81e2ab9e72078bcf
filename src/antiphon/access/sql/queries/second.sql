-- name: write_totp
-- Codes are asked for from now on (or no more, where `sealed` is null). That of this step has been used.
UPDATE staff
   SET totp = :sealed, totp_step = :step, recovery = :recovery
 WHERE id = :id;

-- name: use_totp_step
-- A code works once, whoever else gives it at the same time.
UPDATE staff
   SET totp_step = :step
 WHERE id = :id AND totp_step < :step AND totp IS NOT NULL;

-- name: write_recovery
-- New recovery codes; those before are worth nothing.
UPDATE staff
   SET recovery = :recovery
 WHERE id = :id AND totp IS NOT NULL;

-- name: use_recovery
-- One of them, once.
UPDATE staff
   SET recovery = array_remove(recovery, :hash)
 WHERE id = :id AND :hash = ANY (recovery);

-- name: read_sign_in_rule
-- Of whom a second factor is demanded.
SELECT second_factor
  FROM sign_in_rule;

-- name: write_sign_in_rule
-- From the next sign-in on.
INSERT INTO sign_in_rule (second_factor)
VALUES (:second_factor)
    ON CONFLICT (singleton) DO UPDATE
   SET second_factor = excluded.second_factor;

-- name: count_lacking
-- Who comes in with a password and has neither codes nor a passkey: how many, and how many of some roles.
SELECT count(*) AS everybody,
       count(*) FILTER (WHERE m.role = ANY (:admins::text[])) AS admins
  FROM staff m
 WHERE m.state = 'active'
   AND m.password IS NOT NULL
   AND m.totp IS NULL
   AND NOT EXISTS (SELECT FROM passkey p WHERE p.staff_id = m.id);

-- name: insert_link
-- One link of a kind at a time: a new one takes the place of those before (see delete_links).
INSERT INTO staff_link (hash, staff_id, kind, made_by, created_at, ends_at)
VALUES (:hash, :staff, :kind, :made_by, :at, :ends_at);

-- name: find_link
-- Whom a link is for, while it is good and they have not left.
SELECT l.kind, m.id, m.email, m.name
  FROM staff_link l
  JOIN staff m ON m.id = l.staff_id
 WHERE l.hash = :hash AND l.ends_at > :at AND m.state <> 'left';

-- name: take_link
-- It works once, whoever else follows it at the same time.
DELETE FROM staff_link
 WHERE hash = :hash AND kind = :kind AND ends_at > :at
RETURNING staff_id;

-- name: delete_links
-- Of somebody who was given another, has left, or has a password now.
DELETE FROM staff_link
 WHERE staff_id = :staff;

-- name: sweep_links
-- Those that nobody followed in time.
DELETE FROM staff_link
 WHERE ends_at <= :at;
