-- name: insert_import
-- A file that was uploaded.
INSERT INTO import_job (kind, name, file, size, lines, form, mapping, by, created_at)
VALUES (:kind, :name, :file, :size, :lines, :form, :mapping, :by, :now)
RETURNING id;

-- name: read_imports
-- Imports, the newest first, before a number.
SELECT *
  FROM import_job
 WHERE id < :before
 ORDER BY id DESC
 LIMIT :limit;

-- name: read_import
-- One import.
SELECT * FROM import_job WHERE id = :id;

-- name: map_import
-- Say which field is what, until it was started. Nothing is returned where it was.
UPDATE import_job
   SET mapping = :mapping, mode = :mode
 WHERE id = :id AND state = 'uploaded' AND file IS NOT NULL
RETURNING id;

-- name: start_import
-- Put it before the workers: for the first time, or again where it failed. Nothing is returned where it cannot be.
UPDATE import_job
   SET state = 'queued', started_by = :by, started_at = coalesce(started_at, :now), ended_at = NULL, problem = ''
 WHERE id = :id AND state IN ('uploaded', 'failed') AND file IS NOT NULL AND mapping IS NOT NULL
RETURNING id;

-- name: cancel_import
-- Nothing more of it is taken in. Nothing is returned where it is over already.
UPDATE import_job
   SET state = 'cancelled', ended_at = :now
 WHERE id = :id AND state IN ('uploaded', 'queued', 'running')
RETURNING id;

-- name: claim_import
-- The oldest import that nobody works on, for the length of a lease; `passed` are those that cannot be done here.
UPDATE import_job
   SET state = 'running', lease = lease + 1, lease_until = clock_timestamp() + make_interval(secs => :lease_s)
 WHERE id = (SELECT id
               FROM import_job
              WHERE state IN ('queued', 'running')
                AND (lease_until IS NULL OR lease_until < clock_timestamp())
                AND id <> ALL(:passed::bigint[])
              ORDER BY id
              LIMIT 1
                FOR UPDATE SKIP LOCKED)
RETURNING *;

-- name: keep_import
-- How far it is. Nothing is returned where it was cancelled, or somebody else has it by now.
UPDATE import_job
   SET counts = :counts, bytes_done = :bytes_done, refused_bytes = :refused_bytes, worked_s = worked_s + :worked_s,
       lease_until = clock_timestamp() + make_interval(secs => :lease_s)
 WHERE id = :id AND lease = :lease AND state = 'running'
RETURNING id;

-- name: end_import
-- It is done, or failed.
UPDATE import_job
   SET state = :state, problem = :problem, ended_at = :now, lease_until = NULL
 WHERE id = :id AND lease = :lease AND state = 'running';

-- name: let_go_of_import
-- It cannot be done here; whoever has the file may.
UPDATE import_job SET lease_until = NULL WHERE id = :id AND lease = :lease AND state = 'running';

-- name: forget_files
-- Files that have lain there long enough and that nobody works on.
UPDATE import_job AS job
   SET file = NULL,
       state = CASE WHEN job.state IN ('uploaded', 'queued', 'running') THEN 'cancelled' ELSE job.state END,
       ended_at = coalesce(job.ended_at, :now)
  FROM (SELECT id, file
          FROM import_job
         WHERE file IS NOT NULL AND created_at < :before
           AND (lease_until IS NULL OR lease_until < clock_timestamp())
         ORDER BY id
         LIMIT 100
           FOR UPDATE) AS old
 WHERE job.id = old.id
RETURNING old.file;

-- name: read_files
-- Files that imports have: those of the last days.
SELECT file FROM import_job WHERE file IS NOT NULL;
