-- name: page_of_ledger
-- Notifications of a bucket in the order of their numbers, which is the order they were made in; `over`: nothing of
-- them is open, on its way or waited for.
SELECT n.id, n.profile_id, n.source_id, n.created_at, s.kind,
       NOT n.is_open AND NOT EXISTS (SELECT FROM delivery d
                                      WHERE d.bucket = n.bucket AND d.notification_id = n.id
                                        AND (d.due_at IS NOT NULL OR d.state IN ('queued', 'sending'))) AS over
  FROM notification n
  JOIN source s ON s.id = n.source_id
 WHERE n.bucket = :bucket AND n.id > :after
 ORDER BY n.id
 LIMIT :limit;

-- name: lock_old_notifications
-- Those of them that are still there, locked before their attempts.
SELECT n.id
  FROM notification n
  JOIN unnest(:ids::bigint[]) AS given(id) ON n.bucket = (given.id & 255)::smallint AND n.id = given.id
 WHERE NOT n.is_open
 ORDER BY n.bucket, n.id
   FOR UPDATE OF n;

-- name: drop_old_sources
-- Calls of programs of which nothing is left: each had a source of its own.
DELETE FROM source s
 WHERE s.id = ANY(:sources::bigint[]) AND s.kind = 'api'
   AND NOT EXISTS (SELECT FROM notification n WHERE n.source_id = s.id);  -- across buckets: by the index of a source
