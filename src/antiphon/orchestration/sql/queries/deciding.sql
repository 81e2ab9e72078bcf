-- name: write_caps
-- The places under the caps of these people, all that still count and the new ones. Their locks are held.
UPDATE person p
   SET capped_at = given.at, capped_as = given.what
  FROM (SELECT whose.profile_id,
               coalesce(array_agg(at ORDER BY at, what) FILTER (WHERE at IS NOT NULL), '{}') AS at,
               coalesce(array_agg(what ORDER BY at, what) FILTER (WHERE at IS NOT NULL), '{}') AS what
          FROM unnest(:whose::bigint[]) AS whose(profile_id)
          LEFT JOIN unnest(:profiles::bigint[], :at::timestamptz[], :what::bigint[]) AS rows(profile_id, at, what)
            ON rows.profile_id = whose.profile_id
         GROUP BY whose.profile_id) AS given
 WHERE p.bucket = (given.profile_id & 255)::smallint AND p.profile_id = given.profile_id;

-- name: read_capped
-- The places under the caps of these people, as they stand.
SELECT p.profile_id, p.capped_at, p.capped_as
  FROM unnest(:profiles::bigint[]) AS given(profile_id)
  JOIN person p ON p.bucket = (given.profile_id & 255)::smallint AND p.profile_id = given.profile_id
 WHERE cardinality(p.capped_at) > 0;

-- name: read_groups
-- Of these segments, those that these people are in now.
SELECT m.profile_id, m.segment_id
  FROM unnest(:profiles::bigint[]) AS given(profile_id)
  JOIN segment_member m
    ON m.bucket = (given.profile_id & 255)::smallint AND m.profile_id = given.profile_id
   AND m.segment_id = ANY(:segments::integer[]);

-- name: read_held
-- Of these traits, what these people hold, where it is a number.
SELECT p.id, named.name, p.traits -> named.name AS value
  FROM unnest(:profiles::bigint[]) AS given(profile_id)
  JOIN known_profile p
    ON p.bucket = (given.profile_id & 255)::smallint AND p.id = given.profile_id
 CROSS JOIN unnest(:traits::text[]) AS named(name)
 WHERE jsonb_typeof(p.traits -> named.name) = 'number';

-- name: read_seen
-- What these people, under any of their numbers, made of what these sources said.
SELECT number.person, n.source_id, d.channel, d.state, d.opened_at, d.clicked_at
  FROM (SELECT given.profile_id, given.profile_id AS person FROM unnest(:profiles::bigint[]) AS given(profile_id)
        UNION ALL
        SELECT a.profile_id, a.merged_into FROM person a WHERE a.merged_into = ANY(:profiles::bigint[])) AS number
  JOIN notification n
    ON n.bucket = (number.profile_id & 255)::smallint AND n.profile_id = number.profile_id
   AND n.source_id = ANY(:sources::bigint[])
  JOIN delivery d ON d.bucket = n.bucket AND d.notification_id = n.id AND d.state IN ('delivered', 'read');

-- name: read_windows
-- What these people may be told on channels that know windows, until when.
SELECT w.channel, w.value, w.kind, w.until
  FROM unnest(:buckets::smallint[], :channels::text[], :values::text[]) AS given(bucket, channel, value)
  JOIN known_window w ON w.bucket = given.bucket AND w.channel = given.channel AND w.value = given.value;

-- name: insert_budget
-- What a source may spend.
INSERT INTO source_budget (source_id, amount) VALUES (:source_id, :amount)
    ON CONFLICT (source_id) DO UPDATE SET amount = excluded.amount;

-- name: lock_budgets
-- What is left to these sources that have a budget. Whoever decides after us waits until we have taken our part.
SELECT source_id, amount, reserved
  FROM source_budget
 WHERE source_id = ANY(:sources::bigint[])
 ORDER BY source_id
   FOR UPDATE;

-- name: reserve
-- Money for attempts that were decided.
UPDATE source_budget b
   SET reserved = b.reserved + given.cost
  FROM unnest(:sources::bigint[], :costs::double precision[]) AS given(source_id, cost)
 WHERE b.source_id = given.source_id;

-- name: read_budget
-- What a source may spend, and what of that was reserved.
SELECT amount, reserved FROM source_budget WHERE source_id = :source_id;

-- name: read_waiting_for_money
-- Who waits only because the budget was spent.
SELECT DISTINCT n.profile_id
  FROM notification n
 WHERE n.source_id = :source_id AND n.is_open  -- across buckets: by the index of what is open
   AND n.state = 'waiting' AND n.reason = 'budget_spent';

-- name: touch_waiting_for_money
-- So many of those who wait only because the budget was spent are due now, the oldest first: money came back.
UPDATE person p
   SET due_at = :now, version = p.version + 1
  FROM (SELECT lead.bucket, lead.profile_id
          FROM notification n
          JOIN person own ON own.bucket = n.bucket AND own.profile_id = n.profile_id
          JOIN person lead
            ON lead.bucket = (coalesce(own.merged_into, own.profile_id) & 255)::smallint
           AND lead.profile_id = coalesce(own.merged_into, own.profile_id)
         WHERE n.source_id = :source_id AND n.is_open  -- across buckets: by the index of what is open
           AND n.state = 'waiting' AND n.reason = 'budget_spent'
           AND (lead.due_at IS NULL OR lead.due_at > :now)
         ORDER BY n.created_at, n.id
         LIMIT :limit
           FOR UPDATE OF lead SKIP LOCKED) AS woken
 WHERE p.bucket = woken.bucket AND p.profile_id = woken.profile_id;

-- name: insert_inputs
-- What decisions read.
INSERT INTO decision_input (bucket, profile_id, at, notifications, policy, inputs)
SELECT (given.profile_id & 255)::smallint, given.profile_id, :now::timestamptz,
       string_to_array(given.notifications, ',')::bigint[], :policy::bytea, given.inputs
  FROM unnest(:profiles::bigint[], :notifications::text[], :inputs::bytea[]) AS given(profile_id, notifications, inputs)
 ORDER BY 1, 2;

-- name: insert_policy
-- What the operator had set, once.
INSERT INTO decision_policy (digest, at, policy) VALUES (:digest, :now, :policy)
    ON CONFLICT DO NOTHING;

-- name: read_inputs
-- What the newest kept decisions of this notification read.
SELECT i.profile_id, i.at, i.inputs, p.policy
  FROM decision_input i
  JOIN decision_policy p ON p.digest = i.policy
 WHERE i.bucket = :bucket AND i.profile_id = ANY(:profiles::bigint[]) AND :notification::bigint = ANY(i.notifications)
 ORDER BY i.at DESC, i.id DESC
 LIMIT :limit;

-- name: trim_inputs
-- What was kept of decisions longer ago, so many at a time.
DELETE FROM decision_input
 WHERE (bucket, id) IN (SELECT bucket, id FROM decision_input  -- across buckets: by the index of time
                         WHERE at < :before::timestamptz LIMIT :limit);

-- name: trim_policies
-- Policies that no kept decision names any more.
DELETE FROM decision_policy p
 WHERE p.at < :before::timestamptz
   AND NOT EXISTS (SELECT FROM decision_input i WHERE i.policy = p.digest);  -- across buckets: there are few policies

-- name: erase_inputs
-- What decisions about these people read.
DELETE FROM decision_input i
 USING unnest(:profiles::bigint[]) AS given(profile_id)
 WHERE i.bucket = (given.profile_id & 255)::smallint AND i.profile_id = given.profile_id;
