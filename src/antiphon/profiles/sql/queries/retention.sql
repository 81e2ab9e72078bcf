-- name: table_sizes
-- Bytes with indexes, pages and estimated rows of every table; partitions count as their table.
SELECT coalesce(parent.relname, c.relname)::text AS name, sum(pg_total_relation_size(c.oid))::bigint AS bytes,
       sum(greatest(c.reltuples, 0))::bigint AS rows,
       bool_or(c.reltuples < 0 AND pg_relation_size(c.oid) > 0) AS unknown
  FROM pg_class c
  LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
  LEFT JOIN pg_class parent ON parent.oid = i.inhparent
 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
 GROUP BY 1
 ORDER BY 1;

-- name: event_partitions
-- Partitions of the events, with the bounds that they were made with.
SELECT c.relname::text AS name, pg_get_expr(c.relpartbound, c.oid) AS bounds
  FROM pg_inherits i
  JOIN pg_class c ON c.oid = i.inhrelid
 WHERE i.inhparent = 'event'::regclass
 ORDER BY 1;

-- name: erased_since
-- Whether somebody was erased within this wall time. Across buckets: there are few.
SELECT EXISTS (SELECT FROM erasure WHERE at_wall > clock_timestamp() - :within::interval);

-- name: try_trimming
-- One process trims at a time; the others leave it to that one.
SELECT pg_try_advisory_xact_lock(1920234350);
