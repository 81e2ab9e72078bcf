-- name: insert_parts
-- Counts of one transaction, already added up.
INSERT INTO counter_part (source_id, channel, variant, kind, minute, n, amount)
SELECT * FROM unnest(:sources::bigint[], :channels::text[], :variants::text[], :kinds::text[],
                     :minutes::timestamptz[], :ns::bigint[], :amounts::double precision[]);

-- name: fold_parts
-- Parts into counters. Readers see both or neither, so a number never jumps. Source 0 is the company itself; reasons
-- (`dropped:capped`) are asked for by source only.
WITH taken AS (DELETE FROM counter_part WHERE ctid = ANY(array(SELECT ctid FROM counter_part LIMIT 20000)) RETURNING *),
     company AS (
       INSERT INTO counter_quarter AS q (quarter, kind, channel, n, amount)
       SELECT date_bin('15 minutes', minute, 'epoch'), kind, channel, sum(n), sum(amount)
         FROM taken
        WHERE kind NOT LIKE '%:%'
        GROUP BY 1, 2, 3
        ORDER BY 1, 2, 3
           ON CONFLICT (quarter, kind, channel)
           DO UPDATE SET n = q.n + excluded.n, amount = q.amount + excluded.amount)
INSERT INTO counter AS c (source_id, channel, variant, kind, minute, n, amount)
SELECT source_id, channel, variant, kind, minute, sum(n), sum(amount)
  FROM taken
 WHERE source_id > 0
 GROUP BY source_id, channel, variant, kind, minute
 ORDER BY source_id, minute, kind, channel, variant
    ON CONFLICT (source_id, minute, kind, channel, variant)
    DO UPDATE SET n = c.n + excluded.n, amount = c.amount + excluded.amount;

-- name: read_totals
-- All counts of sources.
SELECT source_id, channel, variant, kind, sum(n)::bigint AS n, sum(amount) AS amount
  FROM (SELECT source_id, channel, variant, kind, n, amount FROM counter WHERE source_id = ANY(:sources::bigint[])
         UNION ALL
        SELECT source_id, channel, variant, kind, n, amount FROM counter_part WHERE source_id = ANY(:sources::bigint[])
       ) counts
 GROUP BY 1, 2, 3, 4;
