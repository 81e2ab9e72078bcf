-- name: touch
-- Profiles to which something happened that some segment speaks of: due now.
WITH named AS MATERIALIZED (
       SELECT DISTINCT unnest(kinds) AS kind FROM segment_version WHERE state IN ('building', 'live')
        UNION
       SELECT -3 WHERE EXISTS (SELECT FROM segment_version WHERE state IN ('building', 'live')))
INSERT INTO membership_due AS d (bucket, profile_id, due_at, kinds, touched_at)
SELECT g.bucket, g.profile_id, :now, array_agg(DISTINCT g.kind), clock_timestamp()
  FROM unnest(:buckets::smallint[], :profiles::bigint[], :kinds::integer[]) AS g (bucket, profile_id, kind)
  JOIN named ON named.kind = g.kind
 GROUP BY g.bucket, g.profile_id
 ORDER BY g.bucket, g.profile_id
    ON CONFLICT (bucket, profile_id) DO UPDATE
   SET due_at = least(d.due_at, excluded.due_at),
       kinds = CASE WHEN d.kinds @> excluded.kinds THEN d.kinds ELSE d.kinds || excluded.kinds END,
       touched_at = excluded.touched_at,
       version = d.version + 1;

-- name: touch_crowds
-- Crowds that a change concerns are walked from the start, if some segment speaks of such changes.
INSERT INTO crowd_due AS d (bucket, kind, name, due_at)
SELECT g.bucket, g.kind, g.name, :now
  FROM unnest(:buckets::smallint[], :kinds::text[], :names::text[], :concerns::integer[])
       AS g (bucket, kind, name, concern)
 WHERE EXISTS (SELECT FROM segment_version v WHERE v.state IN ('building', 'live') AND g.concern = ANY (v.kinds))
 ORDER BY g.bucket, g.kind, g.name
    ON CONFLICT (bucket, kind, name) DO UPDATE
   SET due_at = least(d.due_at, excluded.due_at), after = 0, version = d.version + 1;

-- name: people_of_account
-- Who belongs to an account, after a cursor, in order; its index spans buckets.
SELECT DISTINCT profile_id
  FROM known_belonging
 WHERE account = :name AND profile_id > :after
 ORDER BY profile_id
 LIMIT :limit;

-- name: everybody_after
-- All profiles after a cursor, in the order of the table.
SELECT id AS profile_id
  FROM known_profile
 WHERE (bucket, id) > ((:after & 255)::smallint, :after::bigint)
 ORDER BY bucket, id
 LIMIT :limit;

-- name: moving_among
-- Which of these people are not whole: their events are on the way.
SELECT DISTINCT profile_id
  FROM known_moving
 WHERE profile_id = ANY (:profiles::bigint[]);

-- name: lock_due
-- No worker writes what it judged of these people: it has written before, or sees what we are about to do.
SELECT d.profile_id
  FROM membership_due d
  JOIN unnest(:buckets::smallint[], :profiles::bigint[]) AS g (bucket, profile_id)
    ON g.bucket = d.bucket AND g.profile_id = d.profile_id
 ORDER BY d.bucket, d.profile_id
   FOR UPDATE OF d;

-- name: drop_due
-- Whoever is no person of their own any more waits for nothing. The lock keeps a worker's late judgement out.
WITH locked AS MATERIALIZED (
       SELECT d.bucket, d.profile_id
         FROM membership_due d
         JOIN unnest(:buckets::smallint[], :profiles::bigint[]) AS g (bucket, profile_id)
           ON g.bucket = d.bucket AND g.profile_id = d.profile_id
        ORDER BY d.bucket, d.profile_id
          FOR UPDATE OF d)
DELETE FROM membership_due d
 USING locked
 WHERE d.bucket = locked.bucket AND d.profile_id = locked.profile_id;

-- name: inherit
-- Each heir is in what the other is in, since the earlier of both; logged, for the history by number stays whole. Of the
-- stages of a ladder the heir is in the first.
WITH given AS MATERIALIZED (
       SELECT * FROM unnest(:others::bigint[], :heirs::bigint[]) AS g (other, heir)),
     found AS MATERIALIZED (
       SELECT g.heir, m.segment_id, min(m.entered_at) AS entered_at, s.stage_of,
              array_position(l.stages, m.segment_id) AS place
         FROM (SELECT other AS number, heir FROM given UNION SELECT heir, heir FROM given) g
         JOIN member m ON m.bucket = (g.number & 255)::smallint AND m.profile_id = g.number
         JOIN segment s ON s.id = m.segment_id AND (s.version > 0 OR s.kind = 'list')
         LEFT JOIN ladder l ON l.name = s.stage_of
        GROUP BY g.heir, m.segment_id, s.stage_of, place),
     behind AS MATERIALIZED (
       SELECT f.heir, f.segment_id
         FROM found f
        WHERE EXISTS (SELECT FROM found b WHERE b.heir = f.heir AND b.stage_of = f.stage_of AND b.place < f.place)),
     come AS (
       INSERT INTO member AS kept (bucket, segment_id, profile_id, entered_at)
       SELECT (f.heir & 255)::smallint, f.segment_id, f.heir, f.entered_at
         FROM found f
        WHERE NOT EXISTS (SELECT FROM behind b WHERE b.heir = f.heir AND b.segment_id = f.segment_id)
        ORDER BY 1, 2, 3
           ON CONFLICT (bucket, segment_id, profile_id) DO UPDATE
          SET entered_at = excluded.entered_at
        WHERE excluded.entered_at < kept.entered_at
       RETURNING bucket, segment_id, profile_id, xmax = 0 AS is_new),
     gone AS (
       DELETE FROM member m
        USING behind b
        WHERE m.bucket = (b.heir & 255)::smallint AND m.segment_id = b.segment_id AND m.profile_id = b.heir
       RETURNING m.bucket, m.segment_id, m.profile_id),
     changed AS (
       SELECT bucket, segment_id, profile_id, true AS entered FROM come WHERE is_new
        UNION ALL
       SELECT bucket, segment_id, profile_id, false FROM gone),
     counted AS (
       INSERT INTO segment_tally (segment_id, at, came)
       SELECT segment_id, :now, sum(CASE WHEN entered THEN 1 ELSE -1 END) FROM changed GROUP BY segment_id)
INSERT INTO segment_change (bucket, segment_id, profile_id, at, entered, cause)
SELECT bucket, segment_id, profile_id, :now, entered, 'merge' FROM changed;

-- name: drop_members
-- These numbers are in nothing any more: logged, and not told, for nobody left.
WITH gone AS (
       DELETE FROM member m
        USING unnest(:buckets::smallint[], :profiles::bigint[]) AS g (bucket, profile_id)
        WHERE m.bucket = g.bucket AND m.profile_id = g.profile_id
       RETURNING m.bucket, m.segment_id, m.profile_id),
     counted AS (
       INSERT INTO segment_tally (segment_id, at, came)
       SELECT segment_id, :now, -count(*) FROM gone GROUP BY segment_id)
INSERT INTO segment_change (bucket, segment_id, profile_id, at, entered, cause)
SELECT bucket, segment_id, profile_id, :now, false, 'merge' FROM gone;

-- name: members_among
-- Which of these profiles are in which of these segments, since when. OFFSET 0 makes it one look by index for each
-- profile; the planner would take one for each profile and segment.
SELECT m.profile_id, m.segment_id, m.entered_at
  FROM unnest(:buckets::smallint[], :profiles::bigint[]) AS g (bucket, profile_id)
 CROSS JOIN LATERAL (SELECT k.* FROM member k
                      WHERE k.bucket = g.bucket AND k.profile_id = g.profile_id OFFSET 0) m
 WHERE m.segment_id = ANY (:segments::integer[]);

-- name: who_is_in
-- The same, without since when.
SELECT m.segment_id, m.profile_id
  FROM unnest(:buckets::smallint[], :profiles::bigint[]) AS g (bucket, profile_id)
 CROSS JOIN LATERAL (SELECT k.segment_id, k.profile_id FROM member k
                      WHERE k.bucket = g.bucket AND k.profile_id = g.profile_id OFFSET 0) m
 WHERE m.segment_id = ANY (:segments::integer[]);

-- name: write_changes
-- Enter and leave; only what really changed is logged, counted and returned. Nobody is in two stages of a ladder: who
-- enters one leaves those behind it, and nobody enters one who stays in one before it (while a ladder is changed, rules may
-- say so).
WITH asked AS MATERIALIZED (
       SELECT *
         FROM unnest(:buckets::smallint[], :segments::integer[], :profiles::bigint[], :entered::boolean[],
                     :causes::text[], :leaves::text[])
           AS g (bucket, segment_id, profile_id, entered, cause, leaf)),
     climbing AS MATERIALIZED (
       SELECT a.*, l.stages
         FROM asked a
         JOIN segment s ON s.id = a.segment_id AND s.stage_of IS NOT NULL
         JOIN ladder l ON l.name = s.stage_of
        WHERE a.entered),
     beside AS MATERIALIZED (
       SELECT c.bucket, c.profile_id, c.segment_id, c.cause, o.segment_id AS other_id, o.is_member,
              array_position(c.stages, o.segment_id) < array_position(c.stages, c.segment_id) AS goes_first
         FROM climbing c
         JOIN (SELECT c.bucket, c.profile_id, c.segment_id, false AS is_member
                 FROM climbing c
                UNION ALL
               SELECT m.bucket, m.profile_id, m.segment_id, true
                 FROM (SELECT DISTINCT bucket, profile_id, stages FROM climbing) c
                 JOIN member m ON m.bucket = c.bucket AND m.segment_id = ANY (c.stages) AND m.profile_id = c.profile_id
                WHERE NOT EXISTS (SELECT FROM asked a
                                   WHERE a.profile_id = m.profile_id AND a.segment_id = m.segment_id AND NOT a.entered)) o
           ON o.bucket = c.bucket AND o.profile_id = c.profile_id
          AND o.segment_id = ANY (c.stages) AND o.segment_id <> c.segment_id),
     given AS MATERIALIZED (
       SELECT a.bucket, a.segment_id, a.profile_id, a.entered, a.cause, a.leaf
         FROM asked a
        WHERE NOT EXISTS (SELECT FROM beside b
                           WHERE b.goes_first AND a.entered
                             AND b.profile_id = a.profile_id AND b.segment_id = a.segment_id)
        UNION
       SELECT b.bucket, b.other_id, b.profile_id, false, b.cause, ''
         FROM beside b
        WHERE b.is_member AND NOT b.goes_first
          AND NOT EXISTS (SELECT FROM beside f
                           WHERE f.goes_first AND f.profile_id = b.profile_id AND f.segment_id = b.segment_id)
        ORDER BY bucket, segment_id, profile_id),
     gone AS (
       DELETE FROM member m USING given g
        WHERE NOT g.entered
          AND m.bucket = g.bucket AND m.segment_id = g.segment_id AND m.profile_id = g.profile_id
       RETURNING m.bucket, m.segment_id, m.profile_id),
     come AS (
       INSERT INTO member (bucket, segment_id, profile_id, entered_at)
       SELECT bucket, segment_id, profile_id, :now FROM given WHERE entered
           ON CONFLICT DO NOTHING
       RETURNING bucket, segment_id, profile_id),
     changed AS (
       SELECT g.*
         FROM given g
         JOIN (SELECT * FROM gone UNION ALL SELECT * FROM come) c
           ON c.bucket = g.bucket AND c.segment_id = g.segment_id AND c.profile_id = g.profile_id),
     counted AS (
       INSERT INTO segment_tally (segment_id, at, entered, left_count)
       SELECT segment_id, :now, count(*) FILTER (WHERE entered), count(*) FILTER (WHERE NOT entered)
         FROM changed
        GROUP BY segment_id)
INSERT INTO segment_change (bucket, segment_id, profile_id, at, entered, cause, leaf)
SELECT bucket, segment_id, profile_id, :now, entered, cause, leaf FROM changed
RETURNING segment_id, profile_id, at, entered, cause, leaf;

-- name: delete_members
-- Nobody is in it any more.
DELETE FROM member WHERE segment_id = :segment_id;  -- across buckets: a segment that is archived

-- name: clear_tally
-- An archived segment has nobody.
INSERT INTO segment_tally (segment_id, at, came)
SELECT :segment_id, :now, -coalesce(sum(entered - left_count + came), 0) FROM segment_tally WHERE segment_id = :segment_id;

-- name: page_of_members
-- Members after a cursor, by profile id; the index of the segment spans buckets.
SELECT m.profile_id, m.entered_at,
       (SELECT min(i.value) FROM known_identifier i WHERE i.profile_id = m.profile_id AND i.kind = 'external_id')
         AS external_id
  FROM member m
 WHERE m.segment_id = :segment_id AND m.profile_id > :after
 ORDER BY m.profile_id
 LIMIT :limit;

-- name: member_range
-- Ids of members in a range, after a cursor, in order; the index of the segment spans buckets.
SELECT profile_id
  FROM member
 WHERE segment_id = :segment_id AND profile_id >= :from_id AND profile_id < :to_id AND profile_id > :after
 ORDER BY profile_id
 LIMIT :limit;

-- name: bounds
-- The lowest and highest member and how many there are; the index of the segment spans buckets.
SELECT min(profile_id) AS lowest, max(profile_id) AS highest, count(*) AS count
  FROM member
 WHERE segment_id = :segment_id;

-- name: count_due
-- Memberships due and not finished, and versions that are not built.
SELECT (SELECT count(*) FROM membership_due WHERE due_at <= :now)  -- across buckets: by the due index
     + (SELECT count(*) FROM crowd_due WHERE due_at <= :now)
     + (SELECT count(*) FROM segment_version WHERE state = 'building' OR (state = 'live' AND phase <> ''));

-- name: join_everybody
-- Before statements about everybody: nested loops and merge joins on or off, until the transaction ends. Loops only win
-- for few rows, merges walk an index through the whole table, and tables that were just filled have no statistics to tell
-- the planner that there are many.
SELECT set_config('enable_nestloop', :nested, true), set_config('enable_mergejoin', :nested, true);
