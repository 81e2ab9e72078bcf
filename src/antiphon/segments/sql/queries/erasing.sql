-- name: erase_due
-- Nothing waits for them any more. First, for the worker locks it before memberships.
DELETE FROM membership_due d
 USING unnest(:ids::bigint[]) AS given(id)
 WHERE d.bucket = (given.id & 255)::smallint AND d.profile_id = given.id;

-- name: erase_members
-- They are in no segment.
WITH gone AS (
       DELETE FROM member m
        USING unnest(:ids::bigint[]) AS given(id)
        WHERE m.bucket = (given.id & 255)::smallint AND m.segment_id = ANY(ARRAY(SELECT id FROM segment))
          AND m.profile_id = given.id
       RETURNING m.segment_id)
INSERT INTO segment_tally (segment_id, at, came)
SELECT segment_id, :now, -count(*) FROM gone GROUP BY segment_id;

-- name: erase_changes
-- They never were.
DELETE FROM segment_change c
 USING unnest(:ids::bigint[]) AS given(id)
 WHERE c.bucket = (given.id & 255)::smallint AND c.profile_id = given.id;

-- name: erase_build
-- What a build that is under way found out about them.
DELETE FROM segment_build t
 USING unnest(:ids::bigint[]) AS given(id)
 WHERE t.bucket = (given.id & 255)::smallint AND t.profile_id = given.id;

-- name: export_memberships
-- The segments they are in, since when.
SELECT s.name AS segment, m.entered_at
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN member m ON m.bucket = (given.id & 255)::smallint AND m.profile_id = given.id
  JOIN segment s ON s.id = m.segment_id
 ORDER BY s.name;

-- name: export_changes
-- When they entered and left, the oldest first.
SELECT s.name AS segment, c.at, c.entered
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN segment_change c ON c.bucket = (given.id & 255)::smallint AND c.profile_id = given.id
  JOIN segment s ON s.id = c.segment_id
 ORDER BY c.at, s.name;
