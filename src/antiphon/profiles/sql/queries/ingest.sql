-- name: admit_messages
-- Note message ids; answers the places of those that were there already. A rival's insert of the same id is waited for.
WITH given AS MATERIALIZED (
       SELECT bucket, key, place
         FROM unnest(:buckets::smallint[], :keys::uuid[]) WITH ORDINALITY given(bucket, key, place)),
     fresh AS (
       INSERT INTO seen_message (bucket, key, seen_at)
       SELECT bucket, key, :now
         FROM given
        ORDER BY bucket, key
           ON CONFLICT DO NOTHING
       RETURNING bucket, key)
SELECT given.place
  FROM given
 WHERE NOT EXISTS (SELECT FROM fresh WHERE fresh.bucket = given.bucket AND fresh.key = given.key);

-- name: find_owners
-- The profile of each identifier, in the order given, null for none.
SELECT array_agg(identifier.profile_id ORDER BY given.place)
  FROM unnest(:buckets::smallint[], :kinds::text[], :values::text[]) WITH ORDINALITY given(bucket, kind, value, place)
  LEFT JOIN identifier
         ON identifier.bucket = given.bucket
        AND identifier.kind = given.kind
        AND identifier.value = given.value;

-- name: lock_profiles
-- Keeps two batches from giving one nameless profile two external ids.
SELECT profile.id
  FROM profile
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON profile.bucket = (given.id & 255)::smallint AND profile.id = given.id
 ORDER BY profile.bucket, profile.id
   FOR NO KEY UPDATE OF profile;

-- name: find_named
-- Those of these profiles that have an external id. Reads across buckets: the directory is asked by profile.
SELECT DISTINCT profile_id
  FROM identifier
 WHERE profile_id = ANY(:ids::bigint[])
   AND kind = 'external_id';

-- name: new_profile_ids
-- Ids whose low eight bits, the bucket, go round.
SELECT array_agg(number * 256 + number % 256)
  FROM (SELECT nextval('profile_seq') AS number FROM generate_series(1, :count::integer)) AS drawn;

-- name: claim_identifiers
-- Free names lead to these profiles from now on; answers the places of those won. A rival's claim is waited for.
WITH given AS MATERIALIZED (
       SELECT bucket, kind, value, profile_id, place
         FROM unnest(:buckets::smallint[], :kinds::text[], :values::text[], :profiles::bigint[])
              WITH ORDINALITY given(bucket, kind, value, profile_id, place)),
     won AS (
       INSERT INTO identifier (bucket, kind, value, profile_id, seen_at)
       SELECT bucket, kind, value, profile_id, :now
         FROM given
        ORDER BY bucket, kind, value
           ON CONFLICT DO NOTHING
       RETURNING bucket, kind, value)
SELECT given.place
  FROM given
  JOIN won USING (bucket, kind, value);

-- name: move_identifiers
-- Corrects names claimed by this very transaction: a rival won another name of the same person.
UPDATE identifier
   SET profile_id = given.profile_id
  FROM unnest(:buckets::smallint[], :kinds::text[], :values::text[], :profiles::bigint[])
       AS given(bucket, kind, value, profile_id)
 WHERE identifier.bucket = given.bucket
   AND identifier.kind = given.kind
   AND identifier.value = given.value;

-- name: drop_identifiers
-- Gives back names claimed by this very transaction.
DELETE FROM identifier
 USING unnest(:buckets::smallint[], :kinds::text[], :values::text[]) AS given(bucket, kind, value)
 WHERE identifier.bucket = given.bucket
   AND identifier.kind = given.kind
   AND identifier.value = given.value;

-- name: add_profiles
-- New profiles; their traits are merged like any others.
INSERT INTO profile (bucket, id, created_at, anchor)
SELECT (id & 255)::smallint, id, :now, anchor
  FROM unnest(:ids::bigint[], :anchors::bigint[]) AS given(id, anchor)
 ORDER BY 1, 2;

-- name: merge_traits
-- Lays traits over those that are there; null removes. Answers the profiles that it changed.
WITH given AS MATERIALIZED (
       SELECT (id & 255)::smallint AS bucket, id, traits::jsonb AS traits
         FROM unnest(:ids::bigint[], :traits::text[]) AS given(id, traits)),
     locked AS MATERIALIZED (
       SELECT profile.bucket, profile.id
         FROM profile
         JOIN given ON profile.bucket = given.bucket AND profile.id = given.id
        ORDER BY profile.bucket, profile.id
          FOR NO KEY UPDATE OF profile),
     merged AS MATERIALIZED (
       SELECT given.bucket, given.id, given.traits,
              ARRAY(SELECT key FROM jsonb_each(given.traits) WHERE jsonb_typeof(value) = 'null') AS removed
         FROM given
         JOIN locked ON locked.bucket = given.bucket AND locked.id = given.id)
UPDATE profile
   SET traits = (profile.traits || merged.traits) - merged.removed
  FROM merged
 WHERE profile.bucket = merged.bucket
   AND profile.id = merged.id
   AND profile.traits IS DISTINCT FROM (profile.traits || merged.traits) - merged.removed
RETURNING profile.id;

-- name: keep_addresses
-- Addresses seen with a profile. Registered again, a dead one is active; merely seen, it stays as it is.
INSERT INTO address AS kept (bucket, profile_id, channel, value, details, changed_at)
SELECT (profile_id & 255)::smallint, profile_id, channel, value, details::jsonb, :now
  FROM unnest(:profiles::bigint[], :channels::text[], :values::text[], :details::text[], :registered::boolean[])
       AS given(profile_id, channel, value, details, registered)
 WHERE registered = :registering
 ORDER BY 1, 2, 3, 4
    ON CONFLICT (bucket, profile_id, channel, value) DO UPDATE
   SET state = 'active', details = excluded.details, changed_at = excluded.changed_at
 WHERE :registering
   AND (kept.state = 'dead' OR kept.details <> excluded.details)
RETURNING profile_id, channel;

-- name: add_events
-- Events and their sums, in one statement. The order of the sums prevents deadlocks.
WITH given AS MATERIALIZED (
       SELECT (profile_id & 255)::smallint AS bucket, profile_id, name_id, at, properties
         FROM unnest(:profiles::bigint[], :names::integer[], :times::timestamptz[], :properties::text[])
              AS given(profile_id, name_id, at, properties)),
     added AS (
       INSERT INTO event (bucket, profile_id, at, name_id, received_at, properties)
       SELECT bucket, profile_id, at, name_id, :now, properties::jsonb
         FROM given)
INSERT INTO event_sum AS kept (bucket, profile_id, name_id, count, first_at, last_at)
SELECT bucket, profile_id, name_id, count(*), min(at), max(at)
  FROM given
 GROUP BY bucket, name_id, profile_id
 ORDER BY bucket, name_id, profile_id
    ON CONFLICT (bucket, name_id, profile_id) DO UPDATE
   SET count = kept.count + excluded.count,
       first_at = least(kept.first_at, excluded.first_at),
       last_at = greatest(kept.last_at, excluded.last_at);

-- name: find_event_names
-- Their numbers. `settled`: not made by this transaction, so it outlives a rollback.
SELECT id, name, xmin IS DISTINCT FROM pg_current_xact_id_if_assigned()::xid AS settled
  FROM event_name
 WHERE name = ANY(:names::text[]);

-- name: add_event_names
-- Numbers for names not seen before.
INSERT INTO event_name (name)
SELECT name
  FROM unnest(:names::text[]) AS given(name)
 ORDER BY name
    ON CONFLICT DO NOTHING;

-- name: partition_exists
-- Whether this table is there.
SELECT to_regclass(:name::text) IS NOT NULL;
