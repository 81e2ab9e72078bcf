-- name: ended_sources
-- Which of these sources belong to campaigns that tell nobody any more.
SELECT source_id
  FROM campaign
 WHERE source_id = ANY(:sources::bigint[]) AND state IN ('done', 'cancelled');
