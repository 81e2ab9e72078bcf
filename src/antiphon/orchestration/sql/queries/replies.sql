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

-- name: read_told_last
-- What each of these people, under any of their numbers, was handed last at an address, up to a time and not long
-- before it, of all that may have arrived there; by their places from 1.
SELECT DISTINCT ON (given.place) given.place, d.source_id, d.id
  FROM unnest(:profiles::bigint[], :channels::text[], :addresses::text[], :since::timestamptz[], :until::timestamptz[])
       WITH ORDINALITY AS given(profile_id, channel, address, since, until, place)
  JOIN LATERAL (SELECT given.profile_id AS profile_id
                UNION ALL
                SELECT a.profile_id
                  FROM person a
                 WHERE a.merged_into = given.profile_id) AS number  -- across buckets: by the index of merged numbers
    ON true
  JOIN notification n
    ON n.bucket = (number.profile_id & 255)::smallint AND n.profile_id = number.profile_id
  JOIN delivery d ON d.bucket = n.bucket AND d.notification_id = n.id
 WHERE d.channel = given.channel AND d.address = given.address
   AND d.handed_at > given.since AND d.handed_at <= given.until
   AND d.state IN ('in_doubt', 'accepted', 'sent', 'delivered', 'read')
 ORDER BY given.place, d.handed_at DESC, d.id DESC;

-- name: forget_answers
-- Of addresses that are erased.
DELETE FROM answer
 USING unnest(:buckets::smallint[], :channels::text[], :addresses::text[]) AS given(bucket, channel, address)
 WHERE answer.bucket = given.bucket AND answer.channel = given.channel AND answer.address = given.address;
