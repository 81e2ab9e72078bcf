-- name: find_campaigns
-- A page of those whose name, message, segment or topic has a part and that are in one of these states, after a place in
-- the order. There are thousands at most: each is looked at.
WITH found AS (
       SELECT c.*,
              (CASE :sort::text
                    WHEN 'name' THEN lower(c.name)
                    WHEN 'planned' THEN coalesce(to_char(coalesce(c.starts_at, (c.plan ->> 'launch_at')::timestamptz,
                                                                  (c.plan -> 'send_at' ->> 'local')::timestamp AT TIME ZONE 'UTC')
                                                         AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS'), '')
                    WHEN 'state' THEN array_position('{running,pilot_done,paused,draft,done,cancelled}'::text[], c.state)::text
                    ELSE to_char(c.created_at AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS') END) COLLATE "C" AS key
         FROM campaign c
        WHERE (:states::text[] IS NULL OR c.state = ANY(:states))
          AND (:q::text IS NULL OR c.name ILIKE :q OR c.message_name ILIKE :q OR c.segment_name ILIKE :q OR c.topic ILIKE :q))
SELECT *
  FROM found
 WHERE :after_key::text IS NULL
    OR CASE WHEN :down::boolean THEN key < :after_key COLLATE "C" ELSE key > :after_key COLLATE "C" END
    OR (key = :after_key COLLATE "C" AND id < :after_id::integer)
 ORDER BY CASE WHEN NOT :down THEN key END, CASE WHEN :down THEN key END DESC, id DESC
 LIMIT :limit;

-- name: read_going
-- Campaigns that run, wait for somebody, or are drafts with a time: the newest.
SELECT *
  FROM campaign
 WHERE state IN ('running', 'pilot_done', 'paused')
    OR (state = 'draft' AND (plan ? 'launch_at' OR plan -> 'send_at' ->> 'local' IS NOT NULL))
 ORDER BY id DESC
 LIMIT :limit;

-- name: any_campaign
-- Whether there is one.
SELECT EXISTS (SELECT FROM campaign);
