-- name: read_company
-- Counts of everything by span, kind and channel: `slots` are where spans begin, the last one ends at `until`.
SELECT width_bucket(at, :slots::timestamptz[]) - 1 AS slot, kind, channel, sum(n)::bigint AS n, sum(amount) AS amount
  FROM (SELECT quarter AS at, kind, channel, n, amount
          FROM counter_quarter
         WHERE quarter >= (:slots::timestamptz[])[1] AND quarter < :until
         UNION ALL
        SELECT minute, kind, channel, n, amount
          FROM counter_part
         WHERE minute >= (:slots::timestamptz[])[1] AND minute < :until AND kind NOT LIKE '%:%') counts
 GROUP BY 1, 2, 3;

-- name: read_history
-- Counts of a source by span, channel, variant and kind.
SELECT width_bucket(minute, :slots::timestamptz[]) - 1 AS slot, channel, variant, kind, sum(n)::bigint AS n,
       sum(amount) AS amount
  FROM (SELECT minute, channel, variant, kind, n, amount
          FROM counter
         WHERE source_id = :source AND minute >= (:slots::timestamptz[])[1] AND minute < :until
         UNION ALL
        SELECT minute, channel, variant, kind, n, amount
          FROM counter_part
         WHERE source_id = :source AND minute >= (:slots::timestamptz[])[1] AND minute < :until) counts
 WHERE kind NOT LIKE '%:%'
 GROUP BY 1, 2, 3, 4;

-- name: read_lately
-- How many of a kind each of these sources had since a minute.
SELECT source_id, sum(n)::bigint AS n
  FROM (SELECT source_id, n
          FROM counter
         WHERE source_id = ANY(:sources::bigint[]) AND minute >= :since AND kind = ANY(:kinds::text[])
         UNION ALL
        SELECT source_id, n
          FROM counter_part
         WHERE source_id = ANY(:sources::bigint[]) AND minute >= :since AND kind = ANY(:kinds::text[])) counts
 GROUP BY 1;
