-- name: insert_provider
-- A new account.
INSERT INTO provider (name, channel, adapter, settings, rank, weight, per_second, unit_cost, costs, warm_up, created_at)
VALUES (:name, :channel, :adapter, :settings, :rank, :weight, :per_second, :unit_cost, :costs, :warm_up, :now)
    ON CONFLICT (name) DO NOTHING
RETURNING id;

-- name: update_provider
-- An account's settings and terms anew.
UPDATE provider
   SET settings = :settings, rank = :rank, weight = :weight, per_second = :per_second, unit_cost = :unit_cost,
       costs = :costs, warm_up = :warm_up
 WHERE id = :id;

-- name: insert_provider_state
-- Its pacing and breaker.
INSERT INTO provider_state (provider_id) VALUES (:id);

-- name: read_providers
-- All accounts with their state, the preferred first.
SELECT p.id, p.name, p.channel, p.adapter, p.settings, p.enabled, p.rank, p.weight, p.per_second, p.unit_cost, p.costs,
       p.warm_up, s.paused_until, s.failures, s.reason, s.health, s.health_why, s.silence_s
  FROM provider p
  JOIN provider_state s ON s.provider_id = p.id
 ORDER BY p.channel, p.rank, p.id;

-- name: set_enabled
-- Switch an account on or off.
UPDATE provider SET enabled = :enabled WHERE id = :id;

-- name: lock_state
-- The budget of an account, under its lock.
SELECT s.tokens, extract(epoch FROM clock_timestamp() - s.tokens_at)::double precision AS elapsed_s, p.per_second,
       coalesce(s.paused_until > clock_timestamp(), false) OR NOT p.enabled AS closed
  FROM provider_state s
  JOIN provider p ON p.id = s.provider_id
 WHERE s.provider_id = :id
   FOR UPDATE OF s;

-- name: write_tokens
-- What is left of the budget, true at the instant up to which it was refilled: no time is lost between two looks.
UPDATE provider_state
   SET tokens = :tokens, tokens_at = coalesce(tokens_at + :elapsed_s * interval '1 second', clock_timestamp())
 WHERE provider_id = :id;

-- name: insert_provider_messages
-- The provider's own ids of messages it took.
INSERT INTO provider_message (bucket, provider_id, id, delivery_id)
SELECT given.bucket, :provider_id, given.id, given.delivery_id
  FROM unnest(:buckets::smallint[], :ids::text[], :deliveries::bigint[]) AS given(bucket, id, delivery_id)
 ORDER BY 1, 3
    ON CONFLICT DO NOTHING;

-- name: find_provider_messages
-- The deliveries behind provider's ids.
SELECT m.provider_id, m.id, m.delivery_id
  FROM unnest(:buckets::smallint[], :providers::integer[], :ids::text[]) AS given(bucket, provider_id, id)
  JOIN provider_message m
    ON m.bucket = given.bucket AND m.provider_id = given.provider_id AND m.id = given.id;

-- name: insert_unmatched
-- Receipts that came before their id was recorded.
INSERT INTO unmatched_receipt (bucket, provider_id, id, receipt, at)
SELECT * FROM unnest(:buckets::smallint[], :providers::integer[], :ids::text[], :receipts::jsonb[], :at::timestamptz[]);

-- name: take_faster
-- Receipts that came before these ids were recorded.
DELETE FROM unmatched_receipt u
 USING unnest(:buckets::smallint[], :ids::text[], :deliveries::bigint[]) AS given(bucket, id, delivery_id)
 WHERE u.bucket = given.bucket AND u.provider_id = :provider_id AND u.id = given.id
RETURNING u.receipt, given.delivery_id;

-- name: take_matched
-- Receipts that were kept while their id was being recorded. Older ones are taken when it is.
DELETE FROM unmatched_receipt u
 USING provider_message m
 WHERE u.at > :now::timestamptz - interval '10 minutes'
   AND m.bucket = u.bucket AND m.provider_id = u.provider_id AND m.id = u.id
RETURNING u.receipt, m.delivery_id;

-- name: drop_unmatched
-- Receipts that nobody claimed in a week.
DELETE FROM unmatched_receipt WHERE at < :now::timestamptz - interval '7 days';  -- across buckets: there are few

-- name: insert_inbound
-- What people wrote to us; answers with what was not there yet. Waits for whoever takes in the same at this moment.
INSERT INTO inbound (bucket, provider_id, channel, sender, recipient, subject, text, reading, message_id, delivery_id,
                     automatic, at)
SELECT * FROM unnest(:buckets::smallint[], :providers::integer[], :channels::text[], :senders::text[],
                     :recipients::text[], :subjects::text[], :texts::text[], :readings::text[], :message_ids::text[],
                     :deliveries::bigint[], :automatic::boolean[], :at::timestamptz[])
    ON CONFLICT DO NOTHING
RETURNING channel, sender, message_id;

-- name: read_memory
-- What an account remembers.
SELECT value FROM provider_memory WHERE provider_id = :provider_id AND key = :key;

-- name: write_memory
-- What an account must not forget.
INSERT INTO provider_memory (provider_id, key, value) VALUES (:provider_id, :key, :value)
    ON CONFLICT (provider_id, key) DO UPDATE SET value = excluded.value;
