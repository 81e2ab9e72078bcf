-- name: insert_message
-- A new message; nothing is returned when the name is taken.
INSERT INTO message (name, topic, channels, locales, created_at, changed_at, by)
VALUES (:name, :topic, :channels, :locales, :now, :now, :by)
    ON CONFLICT (name) DO NOTHING
RETURNING id;

-- name: find_message
-- By number or name, also one that it had before, with its newest version, if any.
SELECT m.id, m.name, m.version, m.archived_at, v.document
  FROM message m
  LEFT JOIN message_version v ON v.message_id = m.id AND v.version = m.version
 WHERE m.id = :id OR m.name = :name OR m.id = (SELECT message_id FROM message_former_name WHERE name = :name)
 ORDER BY m.id = :id DESC, m.name = :name DESC
 LIMIT 1;

-- name: list_messages
-- Those that were published, the newest first.
SELECT m.id, m.name, m.version, v.document
  FROM message m
  JOIN message_version v ON v.message_id = m.id AND v.version = m.version
 ORDER BY m.id DESC
 LIMIT :limit;

-- name: read_digests
-- What the documents of versions come to: the same, and it is the same document.
SELECT v.message_id, v.version, sha256(convert_to(v.document::text, 'UTF8')) AS digest
  FROM unnest(:messages::integer[], :versions::integer[]) AS given(message_id, version)
  JOIN message_version v ON v.message_id = given.message_id AND v.version = given.version;

-- name: read_versions
-- Documents by message and version, each with what it comes to.
SELECT v.message_id, v.version, v.document, sha256(convert_to(v.document::text, 'UTF8')) AS digest
  FROM unnest(:messages::integer[], :versions::integer[]) AS given(message_id, version)
  JOIN message_version v ON v.message_id = given.message_id AND v.version = given.version;
