-- name: insert_session
-- A browser in which somebody has signed in; of the token only the hash.
INSERT INTO staff_session
       (staff_id, hash, factors, waiting, enrolling, client, address, created_at, seen_at, ends_at, proved_at)
VALUES (:staff, :hash, :factors, :waiting, :enrolling, :client, :address, :at, :at, :ends_at, :proved_at)
RETURNING id;

-- name: find_session
-- Whose browser this is, unless they have left, or it was idle or signed in for too long.
SELECT s.id, s.staff_id, s.factors, s.waiting, s.enrolling, s.client, s.address, s.created_at, s.seen_at, s.ends_at,
       s.proved_at,
       m.email, m.name, m.role, m.state, m.created_at AS staff_created_at, m.seen_at AS staff_seen_at,
       m.password IS NOT NULL AS has_password, m.totp IS NOT NULL AS has_totp, m.wishes,
       (SELECT count(*) FROM passkey p WHERE p.staff_id = m.id) AS passkeys
  FROM staff_session s
  JOIN staff m ON m.id = s.staff_id
 WHERE s.hash = :hash
   AND s.ends_at > :at
   AND s.seen_at > :idle_since
   AND m.state = 'active';

-- name: see_session
-- They are still there: written at most once a minute.
WITH seen AS (
       UPDATE staff_session
          SET seen_at = :at
        WHERE id = :id AND seen_at < :before
    RETURNING staff_id)
UPDATE staff m
   SET seen_at = :at
  FROM seen
 WHERE m.id = seen.staff_id;

-- name: prove_session
-- The password, a code or a passkey was asked for once more, and was right.
UPDATE staff_session
   SET proved_at = :at,
       factors = CASE WHEN :factor = ANY (factors) THEN factors ELSE factors || :factor::text END
 WHERE id = :id;

-- name: list_sessions
-- Where somebody is signed in, the latest seen first.
SELECT id, staff_id, factors, waiting, enrolling, client, address, created_at, seen_at, ends_at, proved_at
  FROM staff_session
 WHERE staff_id = :staff
   AND NOT waiting
   AND ends_at > :at
   AND seen_at > :idle_since
 ORDER BY seen_at DESC, id DESC
 LIMIT :limit;

-- name: end_session
-- Signed out in one browser.
DELETE FROM staff_session
 WHERE id = :id AND staff_id = :staff;

-- name: end_sessions
-- Signed out everywhere, but for one browser at most.
DELETE FROM staff_session
 WHERE staff_id = :staff AND id IS DISTINCT FROM :except_id::bigint;

-- name: end_enrolling
-- They have a second factor now: nobody else with the password sets up another.
DELETE FROM staff_session
 WHERE staff_id = :staff AND enrolling;

-- name: end_oldest_sessions
-- Whoever never signs out keeps the latest.
DELETE FROM staff_session
 WHERE id IN (SELECT id FROM staff_session
               WHERE staff_id = :staff
               ORDER BY seen_at DESC, id DESC
              OFFSET :keep);

-- name: sweep_sessions
-- What has ended by itself.
DELETE FROM staff_session
 WHERE ends_at <= :at OR seen_at <= :idle_since;
