-- name: insert_people
-- A row to lock for each of these people.
INSERT INTO person (bucket, profile_id)
SELECT (profile_id & 255)::smallint, profile_id
  FROM unnest(:profiles::bigint[]) AS given(profile_id)
 ORDER BY 1, 2
    ON CONFLICT DO NOTHING;

-- name: lock_people
-- The lock under which everything open of a person is decided, with the rolling counters, for these numbers: a
-- number that turned out to be somebody locks that person. `merged_into` is set where that happened while we waited.
SELECT person.profile_id, person.capped_at, person.capped_as, person.merged_into, lead.numbers
  FROM person
  JOIN (SELECT coalesce(a.merged_into, given.profile_id) AS profile_id, array_agg(given.profile_id) AS numbers
          FROM unnest(:profiles::bigint[]) AS given(profile_id)
          LEFT JOIN person a ON a.bucket = (given.profile_id & 255)::smallint AND a.profile_id = given.profile_id
         GROUP BY 1) AS lead
    ON person.bucket = (lead.profile_id & 255)::smallint AND person.profile_id = lead.profile_id
 ORDER BY person.bucket, person.profile_id
   FOR UPDATE OF person;

-- name: lock_numbers
-- Rows of these very numbers, locked: a merge or its undoing is under way.
SELECT person.profile_id, person.capped_at, person.capped_as, person.merged_into
  FROM person
  JOIN unnest(:profiles::bigint[]) AS given(profile_id)
    ON person.bucket = (given.profile_id & 255)::smallint AND person.profile_id = given.profile_id
 ORDER BY person.bucket, person.profile_id
   FOR UPDATE OF person;

-- name: read_merged
-- Those of these numbers that turned out to be somebody.
SELECT person.profile_id, person.merged_into
  FROM unnest(:profiles::bigint[]) AS given(profile_id)
  JOIN person ON person.bucket = (given.profile_id & 255)::smallint AND person.profile_id = given.profile_id
 WHERE person.merged_into IS NOT NULL;

-- name: read_numbers
-- The further numbers of these people.
SELECT merged_into AS person, profile_id AS number
  FROM person
 WHERE merged_into = ANY(:profiles::bigint[])  -- across buckets: by the index of merged numbers
 ORDER BY bucket, profile_id;

-- name: read_aliases
-- Whom the directory says that these numbers lead to, where they lead to somebody.
SELECT a.id, a.profile_id
  FROM unnest(:profiles::bigint[]) AS given(profile_id)
  JOIN known_alias a ON a.bucket = (given.profile_id & 255)::smallint AND a.id = given.profile_id;

-- name: read_moving
-- Those of these people whose events are being moved: they are not whole, so nothing is decided for them.
SELECT DISTINCT profile_id
  FROM known_moving
 WHERE profile_id = ANY(:profiles::bigint[]);

-- name: touch_people
-- Look at these people again at a time, or earlier if they are due before. A number that turned out to be somebody
-- touches that person.
INSERT INTO person AS p (bucket, profile_id, due_at, version)
SELECT (coalesce(a.merged_into, given.profile_id) & 255)::smallint, coalesce(a.merged_into, given.profile_id),
       min(given.at), 1
  FROM unnest(:profiles::bigint[], :at::timestamptz[]) AS given(profile_id, at)
  LEFT JOIN person a ON a.bucket = (given.profile_id & 255)::smallint AND a.profile_id = given.profile_id
 GROUP BY 1, 2
 ORDER BY 1, 2
    ON CONFLICT (bucket, profile_id)
    DO UPDATE SET due_at = least(p.due_at, excluded.due_at), version = p.version + 1;

-- name: read_waiting
-- Those of these people who have something that waits.
SELECT DISTINCT number.person
  FROM (SELECT given.profile_id, given.profile_id AS person FROM unnest(:profiles::bigint[]) AS given(profile_id)
        UNION ALL
        SELECT a.profile_id, a.merged_into FROM person a WHERE a.merged_into = ANY(:profiles::bigint[])) AS number
  JOIN notification n
    ON n.bucket = (number.profile_id & 255)::smallint AND n.profile_id = number.profile_id
 WHERE n.is_open AND n.state = 'waiting';

-- name: write_merges
-- These numbers are those people from now on. Their wait and their places under the cap are handed over.
UPDATE person p
   SET merged_into = given.person, due_at = NULL, lease_until = NULL, lease = p.lease + 1, version = p.version + 1,
       capped_at = '{}', capped_as = '{}'
  FROM unnest(:numbers::bigint[], :people::bigint[]) AS given(number, person)
 WHERE p.bucket = (given.number & 255)::smallint AND p.profile_id = given.number;

-- name: write_whole
-- These people are nobody's further number, with the places under the cap that count for them beside their own.
UPDATE person p
   SET merged_into = NULL, capped_at = p.capped_at || given.at, capped_as = p.capped_as || given.what
  FROM (SELECT person, coalesce(array_agg(at) FILTER (WHERE at IS NOT NULL), '{}') AS at,
               coalesce(array_agg(what) FILTER (WHERE at IS NOT NULL), '{}') AS what
          FROM unnest(:people::bigint[], :at::timestamptz[], :what::bigint[]) AS rows(person, at, what)
         GROUP BY person) AS given
 WHERE p.bucket = (given.person & 255)::smallint AND p.profile_id = given.person;

-- name: read_twins
-- Notifications of one source that several numbers of a person have, of which some are open.
WITH number AS MATERIALIZED (
       SELECT given.profile_id, given.profile_id AS person FROM unnest(:profiles::bigint[]) AS given(profile_id)
       UNION ALL
       SELECT a.profile_id, a.merged_into FROM person a WHERE a.merged_into = ANY(:profiles::bigint[])),
     opened AS MATERIALIZED (
       SELECT DISTINCT number.person, n.source_id
         FROM number
         JOIN notification n
           ON n.bucket = (number.profile_id & 255)::smallint AND n.profile_id = number.profile_id AND n.is_open)
SELECT opened.person, n.id, n.profile_id, n.source_id, n.state, n.is_open, n.variant, n.created_at,
       CASE WHEN n.decision ->> 'act' = 'send' THEN (n.decision ->> 'at')::timestamptz END AS sent_at,
       EXISTS (SELECT FROM delivery d
                WHERE d.bucket = n.bucket AND d.notification_id = n.id
                  AND d.state NOT IN ('queued', 'cancelled', 'superseded')) AS tried,
       EXISTS (SELECT FROM delivery d
                WHERE d.bucket = n.bucket AND d.notification_id = n.id
                  AND d.state IN ('queued', 'sending', 'in_doubt', 'accepted', 'sent')) AS live
  FROM opened
  JOIN number ON number.person = opened.person
  JOIN notification n
    ON n.bucket = (number.profile_id & 255)::smallint AND n.profile_id = number.profile_id
   AND n.source_id = opened.source_id
 ORDER BY opened.person, n.source_id, n.created_at, n.id;

-- name: cancel_twins
-- Another number of the same person is told the same.
UPDATE notification n
   SET state = 'cancelled', reason = 'merged', decision = given.decision
  FROM unnest(:notifications::bigint[], :decisions::jsonb[]) AS given(id, decision)
 WHERE n.bucket = (given.id & 255)::smallint AND n.id = given.id AND n.is_open;
