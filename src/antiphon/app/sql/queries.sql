-- name: read_intake
-- People, and events taken in since the statistics began: from PostgreSQL's own statistics, whatever the size.
-- Both may lag by a second; a crash sets the second back to 0.
SELECT coalesce((SELECT n_live_tup FROM pg_stat_user_tables WHERE relname = 'profile'), 0)::bigint AS people,
       coalesce((SELECT sum(n_tup_ins) FROM pg_stat_user_tables
                  WHERE relname LIKE 'event\_%' AND relname <> 'event_name' AND relname NOT LIKE 'event\_sum%'), 0)::bigint AS events;
