-- name: erase_inbound
-- What they wrote to us.
DELETE FROM inbound i
 USING unnest(:buckets::smallint[], :channels::text[], :values::text[]) AS given(bucket, channel, value)
 WHERE i.bucket = given.bucket AND i.channel = given.channel AND i.sender = given.value;

-- name: erase_windows
-- Until when they may be written to freely.
DELETE FROM contact_window w
 USING unnest(:buckets::smallint[], :channels::text[], :values::text[]) AS given(bucket, channel, value)
 WHERE w.bucket = given.bucket AND w.channel = given.channel AND w.value = given.value;

-- name: erase_unmatched
-- Receipts that name one of their addresses. Reads across buckets: those of one week that nobody claimed.
DELETE FROM unmatched_receipt u
 WHERE (SELECT bool_or(strpos(u.receipt::text || u.id, value) > 0) FROM unnest(:values::text[]) value);

-- name: erase_provider_messages
-- The providers' own ids of these deliveries. Reads across buckets: by delivery.
DELETE FROM provider_message WHERE delivery_id = ANY(:deliveries::bigint[]);

-- name: export_inbound
-- What came from these addresses, the oldest first.
SELECT i.at, i.channel, i.sender, i.recipient, i.text, i.reading
  FROM unnest(:buckets::smallint[], :channels::text[], :values::text[]) AS given(bucket, channel, value)
  JOIN inbound i ON i.bucket = given.bucket AND i.channel = given.channel AND i.sender = given.value
 ORDER BY i.at, i.id;
