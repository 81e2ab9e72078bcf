-- name: belongings_of_person
-- The segments that somebody is in, with why they entered last and when time alone may end it.
SELECT s.id, s.name, s.kind, s.stage_of, m.entered_at, live.rule, entry.cause, entry.leaf,
       (due.timers ->> s.id::text)::bigint AS turns_us
  FROM member m
  JOIN segment s ON s.id = m.segment_id AND s.archived_at IS NULL
  LEFT JOIN segment_version live ON live.segment_id = s.id AND live.version = s.version
  LEFT JOIN membership_due due ON due.bucket = m.bucket AND due.profile_id = m.profile_id
  LEFT JOIN LATERAL (SELECT c.cause, c.leaf
                       FROM segment_change c
                      WHERE c.bucket = m.bucket AND c.profile_id = m.profile_id AND c.segment_id = m.segment_id
                        AND c.entered
                      ORDER BY c.at DESC
                      LIMIT 1) AS entry ON true
 WHERE m.bucket = :bucket AND m.profile_id = :profile
 ORDER BY s.name;

-- name: all_moves_of_person
-- Entries and exits of somebody under all their numbers, in all segments, the newest first; `skip` of that instant are over.
SELECT c.at, c.entered, c.cause, c.leaf, s.id, s.name, s.stage_of
  FROM (SELECT :bucket::smallint AS bucket, :profile::bigint AS id
         UNION ALL
        SELECT a.bucket, a.id FROM known_alias a WHERE a.profile_id = :profile) AS w
  JOIN segment_change c ON c.bucket = w.bucket AND c.profile_id = w.id
  JOIN segment s ON s.id = c.segment_id
 WHERE c.cause <> 'merge' AND c.at <= :upto
 ORDER BY c.at DESC, c.segment_id, c.entered DESC
 LIMIT :limit OFFSET :skip;
