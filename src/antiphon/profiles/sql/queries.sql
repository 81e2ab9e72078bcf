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
INSERT INTO profile (bucket, id, created_at, traits)
SELECT (id & 255)::smallint, id, :now, '{}'
  FROM unnest(:ids::bigint[]) AS given(id)
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

-- name: read_profiles
-- Profiles with their traits.
SELECT profile.id, profile.created_at, profile.traits
  FROM profile
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON profile.bucket = (given.id & 255)::smallint AND profile.id = given.id;

-- name: read_identifiers
-- All names of these profiles. Reads across buckets: the directory is asked by profile.
SELECT profile_id, kind, value
  FROM identifier
 WHERE profile_id = ANY(:ids::bigint[])
 ORDER BY profile_id, kind, value;

-- name: read_addresses
-- Where these profiles can be reached, and whether somebody opted the address out. The opt-out has its own bucket.
SELECT address.profile_id, address.channel, address.value, address.state, address.details,
       EXISTS (SELECT
                 FROM opt_out
                WHERE opt_out.channel = address.channel
                  AND opt_out.value = address.value) AS opted_out
  FROM address
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON address.bucket = (given.id & 255)::smallint AND address.profile_id = given.id
 ORDER BY address.profile_id, address.channel, address.value;

-- name: read_preferences
-- What these profiles said about topics and channels.
SELECT preference.profile_id, preference.topic, preference.channel, preference.state
  FROM preference
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON preference.bucket = (given.id & 255)::smallint AND preference.profile_id = given.id
 ORDER BY preference.profile_id, preference.topic, preference.channel;

-- name: read_events
-- The timeline, latest first. The order is total but for equal rows, so that `skip` pages through one instant.
SELECT event.at, event_name.name, event.received_at, event.properties
  FROM event
  JOIN event_name ON event_name.id = event.name_id
 WHERE event.bucket = :bucket
   AND event.profile_id = :profile
   AND event.at <= :upto
 ORDER BY event.at DESC, event.received_at DESC, event.name_id, event.properties
 LIMIT :limit
OFFSET :skip;

-- name: keep_preferences
-- What the person said replaces what was said before.
INSERT INTO preference AS kept (bucket, profile_id, topic, channel, state, changed_at)
SELECT :bucket, :profile, topic, channel, state, :now
  FROM unnest(:topics::text[], :channels::text[], :states::text[]) AS given(topic, channel, state)
 ORDER BY topic, channel
    ON CONFLICT (bucket, profile_id, topic, channel) DO UPDATE
   SET state = excluded.state, changed_at = excluded.changed_at
 WHERE kept.state <> excluded.state;

-- name: drop_preferences
-- Nothing is said any more.
DELETE FROM preference
 USING unnest(:topics::text[], :channels::text[]) AS given(topic, channel)
 WHERE preference.bucket = :bucket
   AND preference.profile_id = :profile
   AND preference.topic = given.topic
   AND preference.channel = given.channel;

-- name: add_opt_outs
-- The first opt-out of an address stays: it is the proof.
INSERT INTO opt_out (bucket, channel, value, at, how)
SELECT bucket, :channel, value, :now, :how
  FROM unnest(:buckets::smallint[], :values::text[]) AS given(bucket, value)
 ORDER BY bucket, value
    ON CONFLICT DO NOTHING;

-- name: drop_opt_outs
-- These addresses may be written to again.
DELETE FROM opt_out
 USING unnest(:buckets::smallint[], :values::text[]) AS given(bucket, value)
 WHERE opt_out.bucket = given.bucket
   AND opt_out.channel = :channel
   AND opt_out.value = given.value;

-- name: find_holders
-- Whoever can be reached at these addresses. Reads across buckets: an address may be shared.
SELECT DISTINCT profile_id
  FROM address
 WHERE channel = :channel
   AND value = ANY(:values::text[])
 ORDER BY profile_id;

-- name: mark_addresses_dead
-- The world says that nobody is there; answers those that were active.
WITH locked AS MATERIALIZED (
       SELECT address.bucket, address.profile_id, address.channel, address.value
         FROM address
         JOIN unnest(:profiles::bigint[], :channels::text[], :values::text[]) AS given(profile_id, channel, value)
           ON address.bucket = (given.profile_id & 255)::smallint
          AND address.profile_id = given.profile_id
          AND address.channel = given.channel
          AND address.value = given.value
        WHERE address.state = 'active'
        ORDER BY address.bucket, address.profile_id, address.channel, address.value
          FOR NO KEY UPDATE OF address)
UPDATE address
   SET state = 'dead', changed_at = :now
  FROM locked
 WHERE address.bucket = locked.bucket
   AND address.profile_id = locked.profile_id
   AND address.channel = locked.channel
   AND address.value = locked.value
RETURNING address.profile_id, address.channel;

-- name: partition_exists
-- Whether this table is there.
SELECT to_regclass(:name::text) IS NOT NULL;

-- name: insert_refused
-- What was refused or looked odd, for the debugger.
INSERT INTO refused_event (at, source, flaws, excerpt)
SELECT :now, r.source, r.flaws::jsonb, r.excerpt
  FROM unnest(:sources::text[], :flaws::text[], :excerpts::text[]) AS r(source, flaws, excerpt);

-- name: trim_refused
-- Lets go of all but the newest.
DELETE FROM refused_event
 WHERE id <= (SELECT max(id) FROM refused_event) - :kept::bigint;

-- name: newest_refused
-- The debugger's page, newest first.
SELECT id, at, source, flaws, excerpt
  FROM refused_event
 ORDER BY id DESC
 LIMIT :limit;

-- name: anybody
-- Whether there is a customer.
SELECT EXISTS (SELECT FROM profile);  -- across buckets: the first row ends it

-- name: estimate_profiles
-- About how many customers there are: what the last analyse saw, or an exact count while they are few.
SELECT CASE WHEN reltuples >= 20000 THEN reltuples::bigint
            ELSE (SELECT count(*) FROM (SELECT FROM profile LIMIT 20000) few) END  -- across buckets: an estimate
  FROM pg_class
 WHERE oid = 'profile'::regclass;
