-- name: insert_campaign
-- A draft; nothing is returned when the name is taken.
INSERT INTO campaign (name, message_id, message_name, segment_id, segment_name, channels, topic, pilot_share,
                      failover_on, plan, created_at)
VALUES (:name, :message_id, :message_name, :segment_id, :segment_name, :channels, :topic, :pilot_share,
        :failover_on, :plan, :now)
    ON CONFLICT (name) DO NOTHING
RETURNING id;

-- name: write_draft
-- All that a draft says.
UPDATE campaign
   SET name = :name, message_id = :message_id, message_name = :message_name, segment_id = :segment_id,
       segment_name = :segment_name, channels = :channels, topic = :topic, pilot_share = :pilot_share,
       failover_on = :failover_on, plan = :plan
 WHERE id = :id;

-- name: write_plan
-- What a launched one may still change.
UPDATE campaign SET plan = :plan WHERE id = :id;

-- name: is_taken
-- Whether another one has this name.
SELECT EXISTS (SELECT FROM campaign WHERE name = :name AND id <> :id);

-- name: find_campaign
-- By number or name.
SELECT *
  FROM campaign
 WHERE id = :id OR name = :name
 ORDER BY id = :id DESC
 LIMIT 1;

-- name: lock_campaign
-- One, under its lock: whoever changes its state holds it. NO KEY: a range that is written twice in one transaction has
-- its foreign key checked, and who walks it would wait for us while we wait for them.
SELECT *
  FROM campaign
 WHERE id = :id
   FOR NO KEY UPDATE;

-- name: list_campaigns
-- All, the newest first.
SELECT *
  FROM campaign
 ORDER BY id DESC
 LIMIT :limit;

-- name: write_state
-- Its state and stage; the first launch and the end are kept.
UPDATE campaign
   SET state = :state, stage = :stage, source_id = coalesce(:source_id, source_id),
       launched_at = CASE WHEN :state = 'running' THEN coalesce(launched_at, :now) ELSE launched_at END,
       starts_at = coalesce(starts_at, :starts_at),
       ended_at = CASE WHEN :state IN ('done', 'cancelled') THEN :now::timestamptz END
 WHERE id = :id;

-- name: write_stopped
-- Why it stopped, or that it goes on; and what is tolerated from now on.
UPDATE campaign SET stopped = :stopped, tolerated = :tolerated WHERE id = :id;

-- name: insert_chunks
-- The ranges of an audience, all due when it starts.
INSERT INTO campaign_chunk (campaign_id, stage, n, from_id, to_id, cursor, priority, paid_to, due_at)
SELECT :campaign_id, :stage, given.n, given.from_id, given.to_id, given.from_id, :priority, :due_at, :due_at
  FROM unnest(:ns::integer[], :from_ids::bigint[], :to_ids::bigint[]) AS given(n, from_id, to_id)
    ON CONFLICT DO NOTHING;

-- name: read_first
-- The highest priority of the ranges that are due and that nobody walks.
SELECT max(priority)
  FROM campaign_chunk
 WHERE due_at <= :now AND (lease_until IS NULL OR lease_until < clock_timestamp());

-- name: write_walk
-- How far a range has been walked, and when it goes on.
UPDATE campaign_chunk
   SET cursor = :cursor, paid_to = :paid_to, due_at = :due_at
 WHERE campaign_id = :campaign_id AND stage = :stage AND n = :n;

-- name: set_chunks_due
-- Park (infinity) or end (null) the ranges that are not walked to their end.
UPDATE campaign_chunk SET due_at = :due_at, version = version + 1 WHERE campaign_id = :campaign_id AND due_at IS NOT NULL;

-- name: wake_chunks
-- Those that were parked go on, not before the start, nor while a shift can be taken back; the time of the pause pays for
-- nobody.
UPDATE campaign_chunk k
   SET due_at = greatest(:starts_at::timestamptz, :now::timestamptz, (c.shifted ->> 'until')::timestamptz),
       paid_to = greatest(k.paid_to, :now::timestamptz), version = k.version + 1
  FROM campaign c
 WHERE k.campaign_id = :campaign_id AND k.due_at IS NOT NULL AND c.id = k.campaign_id;

-- name: join_chunks
-- What is left to walk becomes one range, so that one pace holds for all. Who was told already is passed over.
WITH ended AS (
       UPDATE campaign_chunk
          SET due_at = NULL, version = version + 1
        WHERE campaign_id = :campaign_id AND stage = :stage AND due_at IS NOT NULL
       RETURNING cursor, to_id, priority, (SELECT max(k.n) FROM campaign_chunk k WHERE k.campaign_id = :campaign_id) AS last)
INSERT INTO campaign_chunk (campaign_id, stage, n, from_id, to_id, cursor, priority, paid_to, due_at)
SELECT :campaign_id, :stage, max(last) + 1, min(cursor), max(to_id), min(cursor), max(priority), :paid_to, :due_at
  FROM ended
HAVING count(*) > 0;

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

-- name: read_watched
-- Campaigns that may stop by themselves.
SELECT id, source_id FROM campaign WHERE state = 'running' AND source_id IS NOT NULL ORDER BY id DESC LIMIT :limit;

-- name: insert_halts
-- The first reason of each source is kept.
INSERT INTO campaign_halt (source_id, reason, because, at)
SELECT given.source_id, given.reason, given.because, :now
  FROM unnest(:sources::bigint[], :reasons::text[], :because::text[]) AS given(source_id, reason, because)
 ORDER BY given.source_id
    ON CONFLICT DO NOTHING;

-- name: read_halts
-- The campaigns that were told to stop.
SELECT c.id
  FROM campaign_halt h
  LEFT JOIN campaign c ON c.source_id = h.source_id
 ORDER BY c.id;

-- name: take_halt
-- It has been seen to.
DELETE FROM campaign_halt WHERE source_id = :source_id RETURNING reason, because, at;

-- name: count_due
-- Ranges that are due and not finished, and campaigns to be stopped.
SELECT (SELECT count(*) FROM campaign_chunk WHERE due_at <= :now) + (SELECT count(*) FROM campaign_halt);

-- name: bound_statements
-- No statement of this transaction takes longer.
SELECT set_config('statement_timeout', :most, true);
