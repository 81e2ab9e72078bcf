-- name: newest_people
-- The next people by number, the newest first. Reads across buckets: the index of identifiers by person has everybody in
-- the order of numbers, and no other has.
SELECT DISTINCT profile_id
  FROM identifier
 WHERE profile_id < :bound
 ORDER BY profile_id DESC
 LIMIT :limit;

-- name: oldest_people
-- The same the other way, across buckets.
SELECT DISTINCT profile_id
  FROM identifier
 WHERE profile_id > :bound
 ORDER BY profile_id
 LIMIT :limit;

-- name: newest_known
-- The same without those of whom there is nothing but a device, among so many names at most; `reached`: how far they
-- went, `looked`: how many there were. Across buckets.
WITH names AS MATERIALIZED (SELECT profile_id, kind
                              FROM identifier
                             WHERE profile_id < :bound
                             ORDER BY profile_id DESC
                             LIMIT :window)
SELECT (SELECT min(profile_id) FROM names) AS reached,
       (SELECT count(*) FROM names) AS looked,
       ARRAY(SELECT DISTINCT profile_id
               FROM names
              WHERE kind <> 'anonymous_id'
                 OR (profile_id = (SELECT min(profile_id) FROM names)  -- whose other names may lie beyond
                     AND EXISTS (SELECT
                                   FROM identifier
                                  WHERE identifier.profile_id = names.profile_id AND identifier.kind <> 'anonymous_id'))
              ORDER BY profile_id DESC
              LIMIT :limit) AS known;

-- name: oldest_known
-- The same the other way, across buckets.
WITH names AS MATERIALIZED (SELECT profile_id, kind
                              FROM identifier
                             WHERE profile_id > :bound
                             ORDER BY profile_id
                             LIMIT :window)
SELECT (SELECT max(profile_id) FROM names) AS reached,
       (SELECT count(*) FROM names) AS looked,
       ARRAY(SELECT DISTINCT profile_id
               FROM names
              WHERE kind <> 'anonymous_id'
                 OR (profile_id = (SELECT max(profile_id) FROM names)  -- whose other names may lie beyond
                     AND EXISTS (SELECT
                                   FROM identifier
                                  WHERE identifier.profile_id = names.profile_id AND identifier.kind <> 'anonymous_id'))
              ORDER BY profile_id
              LIMIT :limit) AS known;

-- name: span_of_people
-- The lowest and the highest number; across buckets, from both ends of an index.
SELECT min(profile_id) AS lowest, max(profile_id) AS highest FROM identifier;

-- name: list_people
-- What a list shows of these people, but for what they are known by: those of their traits that are asked for.
SELECT profile.id, profile.created_at,
       (SELECT jsonb_object_agg(key, profile.traits -> key)
          FROM unnest(:keys::text[]) AS wanted(key)
         WHERE profile.traits ? key) AS traits,
       (SELECT array_agg(DISTINCT address.channel ORDER BY address.channel)
          FROM address
         WHERE address.bucket = profile.bucket
           AND address.profile_id = profile.id
           AND address.state <> 'dead'
           AND NOT EXISTS (SELECT
                             FROM opt_out
                            WHERE opt_out.channel = address.channel
                              AND opt_out.value = address.value
                              AND opt_out.scope = 'everything')) AS channels
  FROM profile
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON profile.bucket = (given.id & 255)::smallint AND profile.id = given.id;

-- name: list_identifiers
-- A few identifiers of each and when they were seen last. Reads across buckets: the directory is asked by profile.
SELECT few.profile_id, few.kind, few.value, few.seen_at
  FROM unnest(:ids::bigint[]) AS given(id)
 CROSS JOIN LATERAL (SELECT profile_id, kind, value, seen_at
                       FROM identifier
                      WHERE identifier.profile_id = given.id
                      LIMIT :limit) AS few;
