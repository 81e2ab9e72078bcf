-- name: insert_audit
-- A line, before what it tells is tried, or at once with how it ended.
INSERT INTO audit (at, actor_kind, actor_id, actor, act, target, detail, address, status, session_id)
VALUES (:at, :actor_kind, :actor_id, :actor, :act, :target, :detail, :address, :status, :session)
RETURNING id;

-- name: finish_audit
-- How it ended; the trigger refuses a second ending.
UPDATE audit
   SET status = :status
 WHERE id = :id
   AND status IS NULL;

-- name: list_audit
-- The newest first. An act is one act, or all of an area.
SELECT id, at, actor_kind, actor_id, actor, act, target, detail, address, status, session_id
  FROM audit
 WHERE (:before::bigint IS NULL OR id < :before)
   AND (:actor_kind::text IS NULL OR actor_kind = :actor_kind)
   AND (:actor_id::bigint IS NULL OR actor_id = :actor_id)
   AND (:act::text IS NULL OR act = :act OR starts_with(act, :act || '.'))
   AND (:since::timestamptz IS NULL OR at >= :since)
   AND (:until::timestamptz IS NULL OR at < :until)
 ORDER BY id DESC
 LIMIT :limit;

-- name: allow_trimming_audit
-- For this transaction alone, lines before that time may go: the trigger lets none go without it.
SELECT set_config('antiphon.audit_let_go_before', :before::timestamptz::text, true);

-- name: trim_audit
-- The oldest lines before a time. Ids rise with time but for what was written side by side.
DELETE FROM audit
 WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT :limit)
   AND at < :before;
