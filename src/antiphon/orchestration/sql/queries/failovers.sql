-- name: read_failovers
-- Attempts of a source that followed another, the newest first, before one: what failed before, and what became of it.
SELECT d.id, d.notification_id, d.profile_id, coalesce(person.merged_into, d.profile_id) AS person, n.variant,
       d.channel, d.address, d.provider_id, d.state, d.handed_at, n.state AS outcome, n.reason,
       f.channel AS failed_channel, f.address AS failed_address, f.provider_id AS failed_provider,
       f.state AS failed_state, f.failure, f.code, f.handed_at AS failed_handed_at,
       CASE WHEN n.decision ->> 'act' = 'send' AND NOT EXISTS (
              SELECT FROM delivery later WHERE later.bucket = d.bucket AND later.notification_id = d.notification_id
                 AND later.n > d.n)
            THEN (n.decision ->> 'at')::timestamptz END AS decided_at
  FROM delivery d
  JOIN delivery f ON f.bucket = d.bucket AND f.notification_id = d.notification_id AND f.n = d.n - 1
  JOIN notification n ON n.bucket = d.bucket AND n.id = d.notification_id
  LEFT JOIN person ON person.bucket = d.bucket AND person.profile_id = d.profile_id
 WHERE d.source_id = :source_id AND d.n > 1  -- across buckets: by the index of what followed another
   AND (:before::bigint IS NULL OR d.id < :before)
 ORDER BY d.id DESC
 LIMIT :limit;
