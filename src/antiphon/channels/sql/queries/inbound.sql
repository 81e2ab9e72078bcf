-- name: last_inbound
-- The number of what was written last: one key of each bucket.
SELECT max(last.id)
  FROM generate_series(0, 255) AS b(bucket)
 CROSS JOIN LATERAL (
       SELECT i.id FROM inbound i WHERE i.bucket = b.bucket::smallint ORDER BY i.id DESC LIMIT 1) last;

-- name: newest_inbound
-- What people wrote last, newest first, beyond a number: by the keys of each bucket alone; then those few are read.
WITH newest AS MATERIALIZED (
       SELECT few.bucket, few.id
         FROM generate_series(0, 255) AS b(bucket)
        CROSS JOIN LATERAL (
              SELECT i.bucket, i.id
                FROM inbound i
               WHERE i.bucket = b.bucket::smallint AND i.id > :beyond
               ORDER BY i.id DESC
               LIMIT :most) few
        ORDER BY few.id DESC
        LIMIT :most)
SELECT i.id, i.provider_id, i.channel, i.sender, i.recipient, i.subject, i.text, i.reading, i.automatic, i.delivery_id,
       i.at
  FROM newest
  JOIN inbound i ON i.bucket = newest.bucket AND i.id = newest.id
 ORDER BY i.id DESC;
