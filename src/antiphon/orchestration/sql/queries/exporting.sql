-- name: export_notifications
-- All that these numbers were told or not, and why, the oldest first.
SELECT n.id::text AS notification, n.created_at, s.kind AS source_kind, s.name AS source, s.topic, s.purpose, n.variant,
       n.state, n.reason, n.channel, n.expires_at, n.decision, n.variables
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN notification n ON n.bucket = (given.id & 255)::smallint AND n.profile_id = given.id
  JOIN source s ON s.id = n.source_id
 ORDER BY n.created_at, n.id;

-- name: export_deliveries
-- Every attempt of it.
SELECT d.notification_id::text AS notification, d.n, d.channel, d.address, d.state, d.failure, d.code, d.attempts,
       d.handed_at, d.opened_at, d.clicked_at
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN notification n ON n.bucket = (given.id & 255)::smallint AND n.profile_id = given.id
  JOIN delivery d ON d.bucket = n.bucket AND d.notification_id = n.id
 ORDER BY d.notification_id, d.n;

-- name: export_requests
-- By which keys programs asked for some of it.
SELECT i.notification_id::text AS notification, i.key
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN notification n ON n.bucket = (given.id & 255)::smallint AND n.profile_id = given.id
  JOIN idempotency i ON i.notification_id = n.id  -- across buckets: by what a key led to
 ORDER BY i.notification_id;

-- name: export_answers
-- What they were answered when they wrote STOP, START or HELP, the oldest first.
SELECT a.at, a.channel, a.address, a.kind, a.about
  FROM unnest(:buckets::smallint[], :channels::text[], :values::text[]) AS given(bucket, channel, value)
  JOIN answer a ON a.bucket = given.bucket AND a.channel = given.channel AND a.address = given.value
 ORDER BY a.at, a.kind;

-- name: export_frequency
-- When messages took a place under the frequency cap.
SELECT p.profile_id::text AS number, p.capped_at
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN person p ON p.bucket = (given.id & 255)::smallint AND p.profile_id = given.id
 WHERE p.capped_at <> '{}';
