-- name: insert_key
-- A new key; only the hash of it is kept.
INSERT INTO api_key (name, scope, hash, created_at)
VALUES (:key_name, :scope, :hash, :now)
RETURNING id;

-- name: valid_keys
-- All keys that are in force, for the ring that each process holds.
SELECT id, name, scope, hash
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
SELECT id, name, scope, created_at, revoked_at
  FROM api_key
 ORDER BY id DESC
 LIMIT :limit;
