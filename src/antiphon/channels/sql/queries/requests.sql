-- name: read_scope
-- How far the opt-out of an address goes, if there is one.
SELECT scope FROM known_opt_out WHERE bucket = :bucket AND channel = :channel AND value = :value;
