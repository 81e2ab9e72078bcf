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
       address.succeeded_at, address.failed_at, address.on_mobile, address.on_other,
       EXISTS (SELECT
                 FROM opt_out
                WHERE opt_out.channel = address.channel
                  AND opt_out.value = address.value) AS opted_out
  FROM address
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON address.bucket = (given.id & 255)::smallint AND address.profile_id = given.id
 ORDER BY address.profile_id, address.channel, address.value;

-- name: read_preferences
-- What these profiles want and do not want.
SELECT preference.profile_id, preference.topic, preference.channel, preference.state,
       nullif(preference.address, '') AS address
  FROM preference
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON preference.bucket = (given.id & 255)::smallint AND preference.profile_id = given.id
 WHERE preference.state IS NOT NULL
 ORDER BY preference.profile_id, preference.topic, preference.channel, preference.address;

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

-- name: anybody
-- Whether there is a customer.
SELECT EXISTS (SELECT FROM profile);  -- across buckets: the first row ends it

-- name: share_of_known
-- Of a sample of customers, how many have a name that is more than a device. Across buckets: an estimate.
SELECT coalesce(avg(EXISTS (SELECT
                              FROM identifier
                             WHERE identifier.profile_id = sampled.id AND identifier.kind <> 'anonymous_id')::int), 1)::float8
  FROM profile AS sampled TABLESAMPLE SYSTEM (:percent);

-- name: estimate_profiles
-- About how many customers there are: what the last analyse saw, or an exact count while they are few.
SELECT CASE WHEN reltuples >= 20000 THEN reltuples::bigint
            ELSE (SELECT count(*) FROM (SELECT FROM profile LIMIT 20000) few) END  -- across buckets: an estimate
  FROM pg_class
 WHERE oid = 'profile'::regclass;
