-- name: read_inbound_before
-- What came from these addresses, the newest first, before one of them.
SELECT found.id, found.provider_id, found.channel, found.sender, found.recipient, found.subject, found.text,
       found.reading, found.automatic, found.delivery_id, found.at
  FROM unnest(:buckets::smallint[], :channels::text[], :senders::text[]) AS given(bucket, channel, sender)
 CROSS JOIN LATERAL (SELECT i.*
                       FROM inbound i
                      WHERE i.bucket = given.bucket AND i.channel = given.channel AND i.sender = given.sender
                        AND i.at <= :before AND (i.at, i.id) < (:before, :before_id::bigint)
                      ORDER BY i.at DESC, i.id DESC
                      LIMIT :limit) AS found
 ORDER BY found.at DESC, found.id DESC
 LIMIT :limit;
