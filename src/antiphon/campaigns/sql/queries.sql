-- name: insert_campaign
-- A draft; nothing is returned when the name is taken.
INSERT INTO campaign (name, message_id, segment_id, channels, topic, pilot_share, failover_on, created_at)
VALUES (:name, :message_id, :segment_id, :channels, :topic, :pilot_share, :failover_on, :now)
    ON CONFLICT (name) DO NOTHING
RETURNING id;

-- name: find_campaign
-- By number or name.
SELECT id, name, message_id, segment_id, channels, topic, pilot_share, failover_on, state, stage, source_id,
       created_at, launched_at, ended_at
  FROM campaign
 WHERE id = :id OR name = :name
 ORDER BY id = :id DESC
 LIMIT 1;

-- name: lock_campaign
-- One, under its lock: whoever changes its state holds it.
SELECT id, name, message_id, segment_id, channels, topic, pilot_share, failover_on, state, stage, source_id,
       created_at, launched_at, ended_at
  FROM campaign
 WHERE id = :id
   FOR UPDATE;

-- name: list_campaigns
-- All, the newest first.
SELECT id, name, message_id, segment_id, channels, topic, pilot_share, failover_on, state, stage, source_id,
       created_at, launched_at, ended_at
  FROM campaign
 ORDER BY id DESC
 LIMIT :limit;

-- name: write_state
-- Its state and stage; the first launch and the end are kept.
UPDATE campaign
   SET state = :state, stage = :stage, source_id = coalesce(:source_id, source_id),
       launched_at = CASE WHEN :state = 'running' THEN coalesce(launched_at, :now) ELSE launched_at END,
       ended_at = CASE WHEN :state IN ('done', 'cancelled') THEN :now::timestamptz END
 WHERE id = :id;

-- name: insert_chunks
-- The ranges of an audience, all due.
INSERT INTO campaign_chunk (campaign_id, stage, n, from_id, to_id, cursor, due_at)
SELECT :campaign_id, :stage, given.n, given.from_id, given.to_id, given.from_id, :now
  FROM unnest(:ns::integer[], :from_ids::bigint[], :to_ids::bigint[]) AS given(n, from_id, to_id)
    ON CONFLICT DO NOTHING;

-- name: write_cursor
-- How far a range has been walked.
UPDATE campaign_chunk SET cursor = :cursor WHERE campaign_id = :campaign_id AND stage = :stage AND n = :n;

-- name: set_chunks_due
-- Park (infinity), wake (now) or end (null) the ranges that are not walked to their end.
UPDATE campaign_chunk SET due_at = :due_at, version = version + 1 WHERE campaign_id = :campaign_id AND due_at IS NOT NULL;

-- name: hold_by_source
-- The campaigns of these sources: who looks whether they are done waits, or was before us.
SELECT id FROM campaign WHERE source_id = ANY(:sources::bigint[]) ORDER BY id FOR SHARE;

-- name: reopen
-- Those of these sources that were done go on.
UPDATE campaign SET state = 'running', ended_at = NULL WHERE source_id = ANY(:sources::bigint[]) AND state = 'done';

-- name: read_running
-- Campaigns that may have come to the end of a stage.
SELECT c.id
  FROM campaign c
 WHERE c.state = 'running'
   AND NOT EXISTS (SELECT FROM campaign_chunk k WHERE k.campaign_id = c.id AND k.due_at IS NOT NULL);

-- name: count_due
-- Ranges that are due and not finished.
SELECT count(*) FROM campaign_chunk WHERE due_at <= :now;
