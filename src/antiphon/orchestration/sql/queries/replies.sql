-- name: read_stops
-- The answers to STOP at these addresses since a time, with what they offered, while the opt-out still stands.
SELECT a.address, a.topics
  FROM unnest(:buckets::smallint[], :addresses::text[]) AS given(bucket, address)
  JOIN answer a
    ON a.bucket = given.bucket AND a.channel = :channel AND a.address = given.address AND a.kind = 'stop'
  JOIN known_opt_out o
    ON o.bucket = given.bucket AND o.channel = :channel AND o.value = given.address AND o.at = a.about
 WHERE a.at > :since;

-- name: take_answer
-- Whether this may be answered: an opt-out (`about`) once, anything else once in a day. Two machines that answer each
-- other come to an end as well. A rival waits, and then sees it.
INSERT INTO answer AS kept (bucket, channel, address, kind, at, about, topics)
VALUES (:bucket, :channel, :address, :kind, :now, :about, :topics)
    ON CONFLICT (bucket, channel, address, kind) DO UPDATE
   SET at = excluded.at, about = excluded.about, topics = excluded.topics,
       n = CASE WHEN kept.at <= :since THEN 1 ELSE kept.n + 1 END
 WHERE (kept.about IS DISTINCT FROM excluded.about OR excluded.about IS NULL AND kept.at <= :since)
   AND (kept.n < :limit OR kept.at <= :since)
RETURNING true;

-- name: read_opt_out_at
-- When an address was opted out, if it is.
SELECT at FROM known_opt_out WHERE bucket = :bucket AND channel = :channel AND value = :value;

-- name: read_recent_topics
-- The topics of what was sent to an address last, the newest first.
SELECT s.topic
  FROM notification n
  JOIN delivery d ON d.bucket = n.bucket AND d.notification_id = n.id
  JOIN source s ON s.id = n.source_id
 WHERE n.bucket = :bucket AND n.profile_id = :profile_id
   AND d.channel = :channel AND d.address = :address AND d.handed_at IS NOT NULL AND s.topic <> ''
 ORDER BY d.id DESC
 LIMIT :limit;

-- name: forget_answers
-- Of addresses that are erased.
DELETE FROM answer
 USING unnest(:buckets::smallint[], :channels::text[], :addresses::text[]) AS given(bucket, channel, address)
 WHERE answer.bucket = given.bucket AND answer.channel = given.channel AND answer.address = given.address;
