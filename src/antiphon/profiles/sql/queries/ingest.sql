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
-- Whose each identifier is, in the order given, null for none; and whether it was not seen yet today.
SELECT array_agg(profile_id) AS profiles, array_agg(id) AS ids, array_agg(shared) AS shared, array_agg(stale) AS stale
  FROM (SELECT identifier.profile_id, identifier.id, identifier.shared,
               identifier.seen_at < date_trunc('day', :now::timestamptz) AS stale
          FROM unnest(:buckets::smallint[], :kinds::text[], :values::text[])
               WITH ORDINALITY given(bucket, kind, value, place)
          LEFT JOIN identifier
                 ON identifier.bucket = given.bucket
                AND identifier.kind = given.kind
                AND identifier.value = given.value
         ORDER BY given.place) AS found;

-- name: hold_profiles
-- Keeps these profiles from being merged away, and two batches from giving one profile two external ids of one source.
SELECT profile.id
  FROM profile
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON profile.bucket = (given.id & 255)::smallint AND profile.id = given.id
 ORDER BY profile.bucket, profile.id
   FOR NO KEY UPDATE OF profile;

-- name: lock_profiles
-- The profiles whose traits are about to be written, with what they are now.
SELECT profile.id, profile.anchor, profile.traits
  FROM profile
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON profile.bucket = (given.id & 255)::smallint AND profile.id = given.id
 ORDER BY profile.bucket, profile.id
   FOR NO KEY UPDATE OF profile;

-- name: touch_identifiers
-- Seen today.
WITH locked AS MATERIALIZED (
       SELECT identifier.bucket, identifier.kind, identifier.value
         FROM unnest(:buckets::smallint[], :kinds::text[], :values::text[]) AS given(bucket, kind, value)
         JOIN identifier
           ON identifier.bucket = given.bucket
          AND identifier.kind = given.kind
          AND identifier.value = given.value
        ORDER BY identifier.bucket, identifier.kind, identifier.value
          FOR NO KEY UPDATE OF identifier)
UPDATE identifier
   SET seen_at = :now
  FROM locked
 WHERE identifier.bucket = locked.bucket
   AND identifier.kind = locked.kind
   AND identifier.value = locked.value;

-- name: find_named
-- The external ids of these profiles, one per source. Reads across buckets: the directory is asked by profile.
SELECT profile_id, array_agg(kind) AS kinds
  FROM identifier
 WHERE profile_id = ANY(:ids::bigint[])
   AND (kind = 'external_id' OR kind LIKE 'external_id@%')
 GROUP BY profile_id;

-- name: new_profile_ids
-- Ids whose low eight bits, the bucket, go round.
SELECT array_agg(number * 256 + number % 256)
  FROM (SELECT nextval('profile_seq') AS number FROM generate_series(1, :count::integer)) AS drawn;

-- name: claim_identifiers
-- Free names lead to these profiles from now on; answers the places and numbers of those won. A rival's claim is waited
-- for.
WITH given AS MATERIALIZED (
       SELECT bucket, kind, value, profile_id, source, place
         FROM unnest(:buckets::smallint[], :kinds::text[], :values::text[], :profiles::bigint[], :sources::text[])
              WITH ORDINALITY given(bucket, kind, value, profile_id, source, place)),
     won AS (
       INSERT INTO identifier (bucket, kind, value, profile_id, source, first_at, seen_at)
       SELECT bucket, kind, value, profile_id, source, :now, :now
         FROM given
        ORDER BY bucket, kind, value
           ON CONFLICT DO NOTHING
       RETURNING bucket, kind, value, id)
SELECT given.place, won.id
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

-- name: read_told
-- What the identifiers of these profiles were told to be.
SELECT told.profile_id, told.who, told.traits
  FROM told
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON told.bucket = (given.id & 255)::smallint AND told.profile_id = given.id;

-- name: keep_told
-- The latest of what each identifier was told to be.
INSERT INTO told (bucket, profile_id, who, traits)
SELECT (profile_id & 255)::smallint, profile_id, who, traits::jsonb
  FROM unnest(:profiles::bigint[], :whos::bigint[], :traits::text[]) AS given(profile_id, who, traits)
 ORDER BY 1, 2, 3
    ON CONFLICT (bucket, profile_id, who) DO UPDATE
   SET traits = excluded.traits;

-- name: write_traits
-- The fold of what was told.
UPDATE profile
   SET traits = given.traits::jsonb
  FROM unnest(:ids::bigint[], :traits::text[]) AS given(id, traits)
 WHERE profile.bucket = (given.id & 255)::smallint
   AND profile.id = given.id;

-- name: add_trait_changes
-- What traits were before.
INSERT INTO trait_change (bucket, profile_id, at, source, before, who)
SELECT (profile_id & 255)::smallint, profile_id, :now, source, before::jsonb, who
  FROM unnest(:profiles::bigint[], :sources::text[], :befores::text[], :whos::bigint[])
       AS given(profile_id, source, before, who);

-- name: keep_addresses
-- Addresses seen with a profile. Registered again, a dead one is active; merely seen, it stays as it is. `fresh`: it was
-- not there.
INSERT INTO address AS kept (bucket, profile_id, channel, value, state, details, changed_at)
SELECT (profile_id & 255)::smallint, profile_id, channel, value,
       CASE WHEN registered THEN 'active' ELSE 'unknown' END, details::jsonb, :now
  FROM unnest(:profiles::bigint[], :channels::text[], :values::text[], :details::text[], :registered::boolean[])
       AS given(profile_id, channel, value, details, registered)
 WHERE registered = :registering
 ORDER BY 1, 2, 3, 4
    ON CONFLICT (bucket, profile_id, channel, value) DO UPDATE
   SET state = 'active', failures = 0, details = excluded.details, changed_at = excluded.changed_at
 WHERE :registering
   AND (kept.state IN ('soft', 'dead') OR kept.details <> excluded.details)
RETURNING profile_id, channel, value, xmax = 0 AS fresh;

-- name: add_events
-- Events and their sums, in one statement. The order of the sums prevents deadlocks.
WITH given AS MATERIALIZED (
       SELECT (profile_id & 255)::smallint AS bucket, profile_id, name_id, at, who, properties
         FROM unnest(:profiles::bigint[], :names::integer[], :times::timestamptz[], :whos::bigint[],
                     :properties::text[])
              AS given(profile_id, name_id, at, who, properties)),
     added AS (
       INSERT INTO event (bucket, profile_id, at, name_id, received_at, who, properties)
       SELECT bucket, profile_id, at, name_id, :now, who, properties::jsonb
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

-- name: keep_links
-- Identifiers that were named together, with the first and the last event time, the last to the day. Answers those that
-- say something new.
INSERT INTO link AS kept (bucket, one, other, first_at, last_at, source)
SELECT (one & 255)::smallint, one, other, first_at, last_at, source
  FROM unnest(:ones::bigint[], :others::bigint[], :firsts::timestamptz[], :lasts::timestamptz[], :sources::text[])
       AS given(one, other, first_at, last_at, source)
 ORDER BY 1, 2, 3
    ON CONFLICT (bucket, one, other) DO UPDATE
   SET first_at = least(kept.first_at, excluded.first_at), last_at = greatest(kept.last_at, excluded.last_at)
 WHERE excluded.first_at < kept.first_at
    OR excluded.last_at > kept.last_at
RETURNING one, other;

-- name: touch_identity
-- Who these identifiers belong to is worked out anew.
INSERT INTO identity_due AS kept (bucket, identifier_id, due_at, version)
SELECT (id & 255)::smallint, id, :now, 1
  FROM unnest(:ids::bigint[]) AS given(id)
 ORDER BY 1, 2
    ON CONFLICT (bucket, identifier_id) DO UPDATE
   SET due_at = least(kept.due_at, excluded.due_at), version = kept.version + 1;
