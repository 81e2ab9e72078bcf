-- name: rows_of_members
-- Members after a cursor, by profile id, with their traits and names; the index of the segment spans buckets.
SELECT m.profile_id, m.entered_at, p.traits,
       (SELECT jsonb_object_agg(named.kind, named.value)
          FROM (SELECT i.kind, min(i.value) AS value
                  FROM known_identifier i
                 WHERE i.profile_id = m.profile_id AND i.kind = ANY (:kinds::text[])
                 GROUP BY i.kind) named) AS names
  FROM member m
  JOIN known_profile p ON p.bucket = m.bucket AND p.id = m.profile_id
 WHERE m.segment_id = :segment_id AND m.profile_id > :after
 ORDER BY m.profile_id
 LIMIT :limit;
