-- name: read_topics
-- All topics, by name.
SELECT name, titles, texts, state, channels, basis, needs, critical, shown
  FROM topic
 ORDER BY name;

-- name: write_topic
-- One topic as a whole. Answers nothing where it was so already.
INSERT INTO topic AS kept (name, titles, texts, state, channels, basis, needs, critical, shown, changed_at)
VALUES (:name, :titles, :texts, :state, :channels, :basis, :needs, :critical, :shown, :now)
    ON CONFLICT (name) DO UPDATE
   SET titles = excluded.titles, texts = excluded.texts, state = excluded.state, channels = excluded.channels,
       basis = excluded.basis, needs = excluded.needs, critical = excluded.critical, shown = excluded.shown,
       changed_at = excluded.changed_at
 WHERE (kept.titles, kept.texts, kept.state, kept.channels, kept.basis, kept.needs, kept.critical, kept.shown)
       IS DISTINCT FROM
       (excluded.titles, excluded.texts, excluded.state, excluded.channels, excluded.basis, excluded.needs,
        excluded.critical, excluded.shown)
RETURNING name;

-- name: drop_topic
-- A topic that nobody spoke about.
DELETE FROM topic
 WHERE name = :name
RETURNING name;

-- name: is_topic_spoken_of
-- Whether anybody said something about it. Reads across buckets: a topic is dropped rarely.
SELECT EXISTS (SELECT FROM consent WHERE topic = :name);
