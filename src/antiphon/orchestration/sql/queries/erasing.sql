-- name: is_leaving
-- Whether something for these numbers is marked and its worker still has it.
SELECT EXISTS (SELECT
                 FROM unnest(:ids::bigint[]) AS given(id)
                 JOIN notification n ON n.bucket = (given.id & 255)::smallint AND n.profile_id = given.id
                 JOIN delivery d ON d.bucket = n.bucket AND d.notification_id = n.id
                WHERE d.state = 'sending' AND d.lease_until > clock_timestamp());

-- name: erasing_lock_people
-- The locks of these numbers, in the order in which all take them.
SELECT person.profile_id
  FROM person
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON person.bucket = (given.id & 255)::smallint AND person.profile_id = given.id
 ORDER BY person.bucket, person.profile_id
   FOR UPDATE OF person;

-- name: erasing_lock_notifications
-- The whole ledger of these numbers.
SELECT n.id
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN notification n ON n.bucket = (given.id & 255)::smallint AND n.profile_id = given.id
 ORDER BY n.bucket, n.id
   FOR UPDATE OF n;

-- name: erasing_lock_deliveries
-- Their attempts. `leaving`: a worker has it in hand, so the row stays until its answer is in or its lease is over.
SELECT d.id, d.notification_id, d.source_id, d.channel, d.address,
       d.state = 'sending' AND d.lease_until > clock_timestamp() AS leaving
  FROM unnest(:notifications::bigint[]) AS given(id)
  JOIN delivery d ON d.bucket = (given.id & 255)::smallint AND d.notification_id = given.id
 ORDER BY d.bucket, d.id
   FOR UPDATE OF d;

-- name: erase_deliveries
-- Attempts that nobody has in hand.
DELETE FROM delivery d
 USING unnest(:deliveries::bigint[]) AS given(id)
 WHERE d.bucket = (given.id & 255)::smallint AND d.id = given.id;

-- name: anonymise_deliveries
-- Attempts that stay: of whom, nobody can say. What had not left is cancelled; nothing waits for an answer.
UPDATE delivery d
   SET address = '', code = NULL,
       state = CASE WHEN d.state = 'queued' THEN 'cancelled' ELSE d.state END,
       lease = CASE WHEN d.state = 'queued' THEN d.lease + 1 ELSE d.lease END,
       due_at = CASE WHEN d.state = 'sending' THEN d.due_at END
  FROM unnest(:deliveries::bigint[]) AS given(id)
 WHERE d.bucket = (given.id & 255)::smallint AND d.id = given.id
   AND (d.address <> '' OR d.code IS NOT NULL OR d.state = 'queued' OR (d.due_at IS NOT NULL AND d.state <> 'sending'));

-- name: erase_notifications
-- What they were told.
DELETE FROM notification n
 USING unnest(:notifications::bigint[]) AS given(id)
 WHERE n.bucket = (given.id & 255)::smallint AND n.id = given.id;

-- name: anonymise_notifications
-- That somebody was told stays; what and why goes. What was open is over.
UPDATE notification n
   SET variables = NULL, decision = NULL,
       state = CASE WHEN n.is_open THEN 'cancelled' ELSE n.state END,
       reason = CASE WHEN n.is_open THEN 'cancelled' ELSE n.reason END
  FROM unnest(:notifications::bigint[]) AS given(id)
 WHERE n.bucket = (given.id & 255)::smallint AND n.id = given.id
   AND (n.variables IS NOT NULL OR n.decision IS NOT NULL OR n.is_open);

-- name: erase_people
-- Their locks and counters, and the numbers that led to them.
DELETE FROM person p
 USING unnest(:ids::bigint[]) AS given(id)
 WHERE p.bucket = (given.id & 255)::smallint AND p.profile_id = given.id;

-- name: erase_source_addresses
-- Which source used which address for them: the key is a hash that whoever knows the address can make.
DELETE FROM source_address s
 USING unnest(:buckets::smallint[], :sources::bigint[], :keys::uuid[]) AS given(bucket, source_id, key)
 WHERE s.bucket = given.bucket AND s.source_id = given.source_id AND s.key = given.key
   AND s.profile_id = ANY(:ids::bigint[]);

-- name: erase_idempotency
-- The callers' keys that led to what they were told: a key may be made of a name. Reads across buckets: by what it led to.
DELETE FROM idempotency WHERE notification_id = ANY(:notifications::bigint[]);
