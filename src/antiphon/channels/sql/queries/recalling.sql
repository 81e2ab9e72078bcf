-- name: read_message_ids
-- The provider's own ids of deliveries.
SELECT delivery_id, id
  FROM provider_message  -- across buckets: by the index of deliveries
 WHERE delivery_id = ANY(:deliveries::bigint[]);
