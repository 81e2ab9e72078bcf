-- name: newest_members
-- The next people of a segment by number, the newest first; the index of a segment spans buckets.
SELECT m.profile_id
  FROM segment_member m
 WHERE m.segment_id = :segment AND m.profile_id < :bound
 ORDER BY m.profile_id DESC
 LIMIT :limit;

-- name: oldest_members
-- The same the other way, across buckets.
SELECT m.profile_id
  FROM segment_member m
 WHERE m.segment_id = :segment AND m.profile_id > :bound
 ORDER BY m.profile_id
 LIMIT :limit;

-- name: span_of_members
-- The lowest and the highest number in a segment; from both ends of its index, across buckets.
SELECT min(m.profile_id) AS lowest, max(m.profile_id) AS highest
  FROM segment_member m
 WHERE m.segment_id = :segment;

-- name: who_of_them
-- Those of these people who are in a segment.
SELECT m.profile_id
  FROM unnest(:people::bigint[]) AS given(id)
  JOIN segment_member m
    ON m.bucket = (given.id & 255)::smallint AND m.segment_id = :segment AND m.profile_id = given.id;
