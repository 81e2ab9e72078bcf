-- name: read_failovers
-- Attempts of a source that followed another, the newest first, before one: what failed before, and what became of it.
-- The page is found first: joined as a whole, the planner expects one row and reads all of them.
WITH page AS MATERIALIZED (
       SELECT bucket, id, notification_id, profile_id, n, channel, address, provider_id, state, handed_at
         FROM delivery
        WHERE source_id = :source_id AND n > 1  -- across buckets: by the index of what followed another, where there is one
          AND (:before::bigint IS NULL OR id < :before)
        ORDER BY id DESC
        LIMIT :limit)
SELECT d.id, d.notification_id, d.profile_id, coalesce(person.merged_into, d.profile_id) AS person, n.variant,
       d.channel, d.address, d.provider_id, d.state, d.handed_at, n.state AS outcome, n.reason,
       f.channel AS failed_channel, f.address AS failed_address, f.provider_id AS failed_provider,
       f.state AS failed_state, f.failure, f.code, f.handed_at AS failed_handed_at,
       CASE WHEN n.decision ->> 'act' = 'send' AND later.n IS NULL THEN (n.decision ->> 'at')::timestamptz END AS decided_at
  FROM page d
  JOIN notification n ON n.bucket = d.bucket AND n.id = d.notification_id
 CROSS JOIN LATERAL (SELECT f.channel, f.address, f.provider_id, f.state, f.failure, f.code, f.handed_at
                       FROM delivery f
                      WHERE f.bucket = d.bucket AND f.notification_id = d.notification_id AND f.n = d.n - 1
                      LIMIT 1) f
  LEFT JOIN LATERAL (SELECT later.n
                       FROM delivery later
                      WHERE later.bucket = d.bucket AND later.notification_id = d.notification_id AND later.n > d.n
                      LIMIT 1) later ON true
  LEFT JOIN person ON person.bucket = d.bucket AND person.profile_id = d.profile_id
 ORDER BY d.id DESC;
