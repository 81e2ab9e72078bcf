-- name: hold_deliveries
-- A row for each delivery that has none yet.
INSERT INTO visit_held (bucket, delivery_id, source_id, channel, variant, handed_at, due_at, seen)
SELECT (given.id & 255)::smallint, given.id, given.source_id, given.channel, given.variant, given.handed_at, 'infinity', ''
  FROM unnest(:ids::bigint[], :sources::bigint[], :channels::text[], :variants::text[], :handed_at::timestamptz[])
       AS given(id, source_id, channel, variant, handed_at)
 ORDER BY 1, 2
    ON CONFLICT (bucket, delivery_id) DO NOTHING;

-- name: lock_held
-- What is held of these deliveries.
SELECT h.delivery_id, h.handed_at, h.seen, h.swept, h.opened, h.clicked
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN visit_held h ON h.bucket = (given.id & 255)::smallint AND h.delivery_id = given.id
 ORDER BY h.bucket, h.delivery_id
   FOR UPDATE OF h;

-- name: write_held
-- What is held of them now.
UPDATE visit_held h
   SET due_at = given.due_at, seen = given.seen, swept = given.swept, opened = given.opened, clicked = given.clicked
  FROM unnest(:ids::bigint[], :due_at::timestamptz[], :seen::bytea[], :swept::boolean[], :opened::timestamptz[],
              :clicked::timestamptz[]) AS given(id, due_at, seen, swept, opened, clicked)
 WHERE h.bucket = (given.id & 255)::smallint AND h.delivery_id = given.id;

-- name: take_due
-- What can be judged, out of the table; across buckets, by the index of what is due. Who works beside us takes others.
WITH due AS MATERIALIZED (
       SELECT bucket, delivery_id FROM visit_held
        WHERE due_at <= :now
        ORDER BY due_at
        LIMIT :batch
          FOR UPDATE SKIP LOCKED)
DELETE FROM visit_held h
 USING due
 WHERE h.bucket = due.bucket AND h.delivery_id = due.delivery_id
RETURNING h.delivery_id, h.source_id, h.channel, h.variant, h.handed_at, h.seen, h.swept, h.opened, h.clicked;
