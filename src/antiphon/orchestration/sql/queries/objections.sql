-- name: mark_objected
-- Of these deliveries, those to which nobody had objected so far.
UPDATE delivery d
   SET objected = true
  FROM unnest(:deliveries::bigint[]) AS given(id), notification n
 WHERE d.bucket = (given.id & 255)::smallint AND d.id = given.id AND NOT d.objected
   AND n.bucket = d.bucket AND n.id = d.notification_id
RETURNING d.id, d.source_id, d.channel, n.variant;
