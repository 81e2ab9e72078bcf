-- name: insert_refused
-- What was refused or looked odd, for the debugger.
INSERT INTO refused_event (at, source, flaws, excerpt)
SELECT :now, r.source, r.flaws::jsonb, r.excerpt
  FROM unnest(:sources::text[], :flaws::text[], :excerpts::text[]) AS r(source, flaws, excerpt);

-- name: trim_refused
-- Lets go of all but the newest.
DELETE FROM refused_event
 WHERE id <= (SELECT max(id) FROM refused_event) - :kept::bigint;

-- name: newest_refused
-- The debugger's page, newest first.
SELECT id, at, source, flaws, excerpt
  FROM refused_event
 ORDER BY id DESC
 LIMIT :limit;
