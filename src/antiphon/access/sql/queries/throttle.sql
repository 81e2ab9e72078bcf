-- name: insert_tallies
-- So that there is a row to lock, whoever comes first.
INSERT INTO sign_in_throttle (key, failures, since, until)
SELECT key, 0, :at, :at
  FROM unnest(:keys::bytea[]) AS key
 ORDER BY key
    ON CONFLICT (key) DO NOTHING;

-- name: lock_tallies
-- In one order, so that nobody waits in a circle.
SELECT key, failures, since, until
  FROM sign_in_throttle
 WHERE key = ANY (:keys)
 ORDER BY key
   FOR UPDATE;

-- name: write_tally
-- One more guess, counted before it is looked at.
UPDATE sign_in_throttle
   SET failures = :failures, since = :since, until = :until
 WHERE key = :key;

-- name: forget_tally
-- The guess was right.
DELETE FROM sign_in_throttle
 WHERE key = :key;

-- name: give_back_guess
-- The guess was right: it counts no more against the address that it came from.
UPDATE sign_in_throttle
   SET failures = greatest(failures - 1, 0), until = least(until, :at)
 WHERE key = :key;

-- name: sweep_tallies
-- What would count for nothing.
DELETE FROM sign_in_throttle
 WHERE until < :before;
