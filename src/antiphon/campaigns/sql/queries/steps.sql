-- name: insert_step
-- Something was done with a campaign, or it did it by itself.
INSERT INTO campaign_step (campaign_id, at, what, details) VALUES (:campaign_id, :now, :what, :details);

-- name: read_steps
-- The newest steps of a campaign, before one.
SELECT id, at, what, details
  FROM campaign_step
 WHERE campaign_id = :campaign_id AND (:before::bigint IS NULL OR id < :before)
 ORDER BY id DESC
 LIMIT :limit;

-- name: write_draft_again
-- As if it had never been launched.
UPDATE campaign
   SET state = 'draft', stage = 'all', source_id = NULL, launched_at = NULL, starts_at = NULL, ended_at = NULL,
       stopped = NULL, tolerated = '{}', shifted = NULL
 WHERE id = :id;

-- name: delete_chunks
-- Nobody is walked to any more. Who is being walked to at the moment is waited for.
DELETE FROM campaign_chunk WHERE campaign_id = :campaign_id AND (:stage::text IS NULL OR stage = :stage);

-- name: read_unwalked
-- The ranges that nobody has walked to their end.
SELECT cursor, to_id
  FROM campaign_chunk
 WHERE campaign_id = :campaign_id AND due_at IS NOT NULL
 ORDER BY cursor;

-- name: hold_chunks
-- What is walked now goes on at a time, not before.
UPDATE campaign_chunk
   SET due_at = greatest(due_at, :until::timestamptz), version = version + 1
 WHERE campaign_id = :campaign_id AND due_at IS NOT NULL;

-- name: write_shifted
-- The newest shift, or that there is none that could be taken back.
UPDATE campaign SET shifted = :shifted WHERE id = :id;
