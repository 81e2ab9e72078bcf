-- name: insert_key
-- A new key; only the hash of it is kept.
INSERT INTO api_key (name, scope, hash, created_at, made_by, per_second)
VALUES (:key_name, :scope, :hash, :now, :made_by, :per_second)
RETURNING id;

-- name: valid_keys
-- All keys that are in force, for the ring that each process holds.
SELECT id, name, scope, hash, per_second
  FROM api_key
 WHERE revoked_at IS NULL;

-- name: revoke_key
-- Ends a key; a second time changes nothing.
UPDATE api_key
   SET revoked_at = coalesce(revoked_at, :now)
 WHERE id = :id
RETURNING id;

-- name: list_keys
-- Every key that was ever made, newest first.
SELECT k.id, k.name, k.scope, k.created_at, k.revoked_at, k.made_by, k.used_at, k.per_second, s.name AS maker
  FROM api_key k
  LEFT JOIN staff s ON k.made_by = 'staff:' || s.id
 ORDER BY k.id DESC
 LIMIT :limit;

-- name: note_uses
-- When keys were last used; who looked earlier takes nothing back.
UPDATE api_key k
   SET used_at = u.at
  FROM unnest(:ids::bigint[], :times::timestamptz[]) AS u (id, at)
 WHERE k.id = u.id
   AND (k.used_at IS NULL OR k.used_at < u.at);
