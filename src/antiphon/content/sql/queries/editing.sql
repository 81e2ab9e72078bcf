-- name: read_kept
-- A message as whoever edits it sees it, by number or name.
SELECT m.id, m.name, m.version, m.revision, m.topic, m.channels, m.locales, m.created_at, m.changed_at, m.by,
       m.archived_at, v.written, v.created_at AS published_at, d.written AS draft, d.based_on, d.by AS draft_by,
       d.changed_at AS draft_changed_at
  FROM message m
  LEFT JOIN message_version v ON v.message_id = m.id AND v.version = m.version
  LEFT JOIN message_draft d ON d.message_id = m.id
 WHERE m.id = :id OR m.name = :name OR m.id = (SELECT message_id FROM message_former_name WHERE name = :name)
 ORDER BY m.id = :id DESC, m.name = :name DESC
 LIMIT 1;

-- name: lock_message
-- Whoever changes it goes one after the other.
SELECT id FROM message WHERE id = :id FOR UPDATE;

-- name: page_of_messages
-- For the list: what was changed last first, after a place in it.
SELECT m.id, m.name, m.version, m.topic, m.channels, m.locales, m.created_at, m.changed_at, m.by, m.archived_at,
       EXISTS (SELECT FROM message_draft d WHERE d.message_id = m.id) AS has_draft
  FROM message m
 WHERE (m.changed_at, m.id) < (:before, :before_id)
   AND (:like = '' OR m.name ILIKE :like OR m.topic ILIKE :like)
   AND (:topic = '' OR m.topic = :topic)
   AND (:channel = '' OR :channel = ANY (m.channels))
   AND CASE :state
         WHEN 'draft' THEN m.version = 0 AND m.archived_at IS NULL
         WHEN 'published' THEN m.version > 0 AND m.archived_at IS NULL
         WHEN 'archived' THEN m.archived_at IS NOT NULL
         ELSE m.archived_at IS NULL
       END
 ORDER BY m.changed_at DESC, m.id DESC
 LIMIT :limit;

-- name: touch_message
-- Something of it changed. What it is about is that of the newest version, or of the draft before there is one.
UPDATE message
   SET revision = revision + 1, changed_at = :now, by = :by, version = :version, topic = :topic, channels = :channels,
       locales = :locales
 WHERE id = :id;

-- name: insert_version
-- Its document, as of this version.
INSERT INTO message_version (message_id, version, document, written, by, created_at)
VALUES (:message_id, :version, :document, :written, :by, :now);

-- name: page_of_versions
-- The newest first, below one.
SELECT version, by, created_at
  FROM message_version
 WHERE message_id = :message_id AND version > 0 AND version < :before
 ORDER BY version DESC
 LIMIT :limit;

-- name: read_written
-- A version as its author wrote it.
SELECT version, written, by, created_at
  FROM message_version
 WHERE message_id = :message_id AND version = :version AND version > 0;

-- name: find_tried
-- What was sent as a test before, where it was the very same.
SELECT version
  FROM message_version
 WHERE message_id = :message_id AND version < 0 AND document = :document::jsonb;

-- name: next_tried
-- The number for another test.
SELECT least(min(version), 0) - 1 FROM message_version WHERE message_id = :message_id;

-- name: write_draft
-- What is being written, over what was there.
INSERT INTO message_draft (message_id, written, based_on, by, created_at, changed_at)
VALUES (:message_id, :written, :based_on, :by, :now, :now)
    ON CONFLICT (message_id) DO UPDATE
   SET written = excluded.written, by = excluded.by, changed_at = excluded.changed_at;

-- name: delete_draft
-- It was published, or is not wanted.
DELETE FROM message_draft WHERE message_id = :message_id;

-- name: delete_message
-- One that never was published; its draft goes with it.
DELETE FROM message WHERE id = :id AND version = 0;

-- name: holder_of
-- Which message has this name or had it before.
SELECT m.id, m.name
  FROM message m
 WHERE m.name = :name OR m.id = (SELECT message_id FROM message_former_name WHERE name = :name)
 ORDER BY m.name = :name DESC
 LIMIT 1;

-- name: lock_names
-- Of two who want the same name at once, the second sees the first.
SELECT pg_advisory_xact_lock(hashtext('content.names'));

-- name: rename_message
-- Its name from now on.
UPDATE message SET name = :name WHERE id = :id;

-- name: keep_former_name
-- The one that it had leads there as well.
INSERT INTO message_former_name (name, message_id) VALUES (:name, :id) ON CONFLICT (name) DO NOTHING;

-- name: drop_former_name
-- It is its name again.
DELETE FROM message_former_name WHERE name = :name AND message_id = :id;

-- name: set_archived
-- Put away, or taken out again.
UPDATE message SET archived_at = :archived_at WHERE id = :id;
