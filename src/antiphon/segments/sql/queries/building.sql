-- name: hold_build
-- One build of a segment at a time.
SELECT pg_advisory_xact_lock(1718185068, :segment_id);

-- name: try_build
-- The same without waiting; false where another build runs.
SELECT pg_try_advisory_xact_lock(1718185068, :segment_id);

-- name: empty_build
-- A build begins from nothing, also after one that was broken off.
DELETE FROM segment_build WHERE segment_id = :segment_id;  -- across buckets: by the index of a segment

-- name: empty_segment
-- Members that a broken first build left.
DELETE FROM member WHERE segment_id = :segment_id;  -- across buckets: by the index of a segment

-- name: empty_archived
-- First members of a segment that was archived before they counted.
DELETE FROM member m
 USING segment s
 WHERE m.segment_id = :segment_id AND s.id = m.segment_id AND s.version = 0 AND s.kind = 'rule';  -- across buckets

-- name: mark_build
-- A row that says that the build was looked up: a crash of the database takes it away with the others.
INSERT INTO segment_build (segment_id, bucket, profile_id, inside) VALUES (:segment_id, -1, 0, false);

-- name: is_marked
-- Whether what was looked up is still there.
SELECT EXISTS (SELECT FROM segment_build WHERE segment_id = :segment_id AND bucket = -1);

-- name: build_phase
-- How far it is.
UPDATE segment_version
   SET phase = :phase, done = :done, steps = :steps
 WHERE segment_id = :segment_id AND version = :version;

-- name: look_again
-- What was looked up is lost: everything that happens from now on is seen anew.
UPDATE segment_version
   SET building_since = clock_timestamp()
 WHERE segment_id = :segment_id AND version = :version;

-- name: merge_timers
-- What the build found out about time goes to the due rows of some buckets. A worker who has claimed such a row knows
-- nothing of it: the version keeps it from writing the timers as they were. What no calendar holds waits for nothing.
INSERT INTO membership_due AS d (bucket, profile_id, due_at, timer_at, timers)
SELECT bucket, profile_id, timer_at, timer_at,
       jsonb_build_object(segment_id::text, (extract(epoch FROM timer_at) * 1000000)::bigint)
  FROM segment_build
 WHERE segment_id = :segment_id AND bucket BETWEEN :first AND :last AND timer_at < '9999-12-31'
 ORDER BY bucket, profile_id
    ON CONFLICT (bucket, profile_id) DO UPDATE
   SET timer_at = least(d.timer_at, excluded.timer_at),
       due_at = least(d.due_at, excluded.due_at),
       timers = d.timers || excluded.timers,
       version = d.version + 1;

-- name: drop_aliases
-- What a build saw as people, and was merged away meanwhile. The registry is held: no merge is under way.
DELETE FROM member m
 USING known_alias a
 WHERE m.segment_id = :segment_id AND a.bucket = m.bucket AND a.id = m.profile_id;

-- name: drop_gone
-- What a build saw as people, and was erased meanwhile.
DELETE FROM member m
 WHERE m.segment_id = :segment_id  -- across buckets: once, when a first build ends
   AND NOT EXISTS (SELECT FROM known_profile p WHERE p.bucket = m.bucket AND p.id = m.profile_id);

-- name: touch_since_build
-- Whoever was touched or worked since the build began. The registry is held: nobody else locks these rows for long.
UPDATE membership_due d
   SET due_at = least(d.due_at, :now), kinds = d.kinds || -3, version = d.version + 1, touched_at = clock_timestamp()
  FROM segment_version v
 WHERE v.segment_id = :segment_id AND v.state = 'building' AND d.touched_at >= v.building_since;  -- across buckets: once a build

-- name: go_live
-- The new version counts from now on; of an edited rule the changes are still to be written.
WITH old AS (
       UPDATE segment_version v SET state = 'past'
         FROM segment s
        WHERE s.id = :segment_id AND v.segment_id = s.id AND v.version = s.version AND s.version > 0),
     new AS (
       UPDATE segment_version
          SET state = 'live', phase = :phase, done = 0, steps = :steps
        WHERE segment_id = :segment_id AND state = 'building'
       RETURNING version)
UPDATE segment SET version = new.version, archived_at = NULL FROM new WHERE id = :segment_id;

-- name: tally_first
-- The first members: they did not enter. Who was among them, and was merged away or erased meanwhile, is counted already.
INSERT INTO segment_tally (segment_id, at, came)
SELECT :segment_id, :now,
       (SELECT count(*) FROM member WHERE segment_id = :segment_id)  -- across buckets: once, when a first build ends
       - (SELECT coalesce(sum(entered - left_count + came), 0) FROM segment_tally WHERE segment_id = :segment_id);

-- name: differing
-- Who is in by the new rule and not by the old, or the other way; their due rows are locked, and made where there is none.
-- `is_ours`: not touched or worked since the build began; whoever was is for a worker to look at.
WITH wanted AS MATERIALIZED (
       SELECT bucket, profile_id FROM segment_build
        WHERE segment_id = :segment_id AND bucket BETWEEN :first AND :last AND inside),
     kept AS MATERIALIZED (
       SELECT bucket, profile_id FROM member
        WHERE segment_id = :segment_id AND bucket BETWEEN :first AND :last),
     odd AS MATERIALIZED (
       SELECT coalesce(wanted.bucket, kept.bucket) AS bucket, coalesce(wanted.profile_id, kept.profile_id) AS profile_id,
              kept.profile_id IS NULL AS entered
         FROM wanted FULL JOIN kept ON kept.bucket = wanted.bucket AND kept.profile_id = wanted.profile_id
        WHERE wanted.profile_id IS NULL OR kept.profile_id IS NULL
        ORDER BY 1, 2),
     locked AS (
       INSERT INTO membership_due AS d (bucket, profile_id)
       SELECT bucket, profile_id FROM odd
           ON CONFLICT (bucket, profile_id) DO UPDATE SET lease = d.lease
       RETURNING d.bucket, d.profile_id, d.touched_at)
SELECT odd.profile_id, odd.entered,
       locked.touched_at IS NULL
       OR locked.touched_at < (SELECT building_since FROM segment_version WHERE segment_id = :segment_id AND state = 'live')
       AS is_ours
  FROM odd
  JOIN locked ON locked.bucket = odd.bucket AND locked.profile_id = odd.profile_id
 WHERE EXISTS (SELECT FROM known_profile p WHERE p.bucket = odd.bucket AND p.id = odd.profile_id);

-- name: end_build
-- All is written.
UPDATE segment_version SET phase = '', done = 0, steps = 0 WHERE segment_id = :segment_id AND version = :version;
