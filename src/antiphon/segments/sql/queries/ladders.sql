-- name: write_ladder
-- A ladder, or its new order.
INSERT INTO ladder AS l (name, stages, leaving, created_at)
VALUES (:name, :stages, :leaving, :now)
    ON CONFLICT (name) DO UPDATE SET stages = excluded.stages, leaving = excluded.leaving;

-- name: lock_ladder
-- Nobody else changes it.
SELECT name, stages, leaving, created_at FROM ladder WHERE name = :name FOR UPDATE;

-- name: ladders
-- One of them, or all.
SELECT name, stages, leaving, created_at FROM ladder WHERE name = :name OR :everything ORDER BY name;

-- name: delete_ladder
-- As if its stages had been segments of their own.
DELETE FROM ladder WHERE name = :name;

-- name: take_stage
-- An archived stage of this ladder may have a version again; no row where the name is another segment's.
UPDATE segment SET archived_at = NULL WHERE name = :name AND stage_of = :ladder RETURNING id;

-- name: ladder_of
-- The ladder that a segment is a live stage of.
SELECT l.name, l.stages, l.leaving
  FROM ladder l
  JOIN segment s ON s.stage_of = l.name AND s.id = ANY (l.stages)
 WHERE s.id = :segment_id;

-- name: next_stage
-- The first of the stages that is being built, or whose new rule waits.
SELECT v.segment_id, v.state <> 'draft' AS is_at_work
  FROM unnest(:stages::integer[]) WITH ORDINALITY AS s (id, place)
  JOIN segment_version v ON v.segment_id = s.id
   AND (v.state IN ('draft', 'building') OR (v.state = 'live' AND v.phase <> ''))
 ORDER BY v.state = 'draft', s.place
 LIMIT 1;

-- name: stage_sizes
-- How many are in each of these segments.
SELECT segment_id, sum(entered - left_count + came) AS members
  FROM segment_tally
 WHERE segment_id = ANY (:segments::integer[])
 GROUP BY segment_id;

-- name: part_stages
-- Nobody is in two stages: whoever is in another stage that is live is not in this one yet, and is looked at at once.
WITH gone AS (
       DELETE FROM member m
        USING segment s, segment o, member other
        WHERE m.segment_id = :segment_id AND s.id = m.segment_id  -- across buckets: once, when a first build ends
          AND o.stage_of = s.stage_of AND o.id <> s.id AND o.version > 0
          AND other.bucket = m.bucket AND other.segment_id = o.id AND other.profile_id = m.profile_id
       RETURNING m.bucket, m.profile_id)
INSERT INTO membership_due AS d (bucket, profile_id, due_at, kinds, touched_at)
SELECT bucket, profile_id, :now, '{-3}', clock_timestamp() FROM gone ORDER BY bucket, profile_id
    ON CONFLICT (bucket, profile_id) DO UPDATE
   SET due_at = least(d.due_at, excluded.due_at), kinds = d.kinds || excluded.kinds, touched_at = excluded.touched_at,
       version = d.version + 1;

-- name: stage_moves
-- From which stage to which, how many, in a period. What happened to somebody at one instant counts as a whole: who left
-- one stage and entered another went from the one to the other. New rules move people too: they are counted apart.
WITH net AS (
       SELECT c.bucket, c.profile_id, c.at, c.segment_id, sum(CASE WHEN c.entered THEN 1 ELSE -1 END) AS change,
              bool_or(c.cause = 'rule') AS by_rule
         FROM segment_change c
        WHERE c.segment_id = ANY (:stages::integer[]) AND c.at >= :since AND c.at < :until  -- across buckets: by the index
          AND c.cause <> 'merge'
        GROUP BY c.bucket, c.profile_id, c.at, c.segment_id
       HAVING sum(CASE WHEN c.entered THEN 1 ELSE -1 END) <> 0),
     moved AS (
       SELECT min(segment_id) FILTER (WHERE change < 0) AS from_id, min(segment_id) FILTER (WHERE change > 0) AS to_id,
              bool_or(by_rule) AS by_rule
         FROM net
        GROUP BY bucket, profile_id, at)
SELECT from_id, to_id, by_rule, count(*) AS people FROM moved GROUP BY from_id, to_id, by_rule ORDER BY from_id, to_id;

-- name: stages_of_person
-- What happened to one person, under all their numbers, the oldest first.
WITH number AS (
       SELECT :profile_id::bigint AS id
        UNION
       SELECT id FROM known_alias WHERE profile_id = :profile_id)  -- across buckets: by the index of aliases
SELECT c.at, c.segment_id, sum(CASE WHEN c.entered THEN 1 ELSE -1 END) > 0 AS entered, min(c.cause) AS cause
  FROM number n
  JOIN segment_change c ON c.bucket = (n.id & 255)::smallint AND c.profile_id = n.id
 WHERE c.segment_id = ANY (:stages::integer[])
 GROUP BY c.at, c.segment_id
HAVING sum(CASE WHEN c.entered THEN 1 ELSE -1 END) <> 0
 ORDER BY c.at, entered;
