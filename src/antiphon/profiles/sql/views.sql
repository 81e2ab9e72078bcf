-- What parts above may read. Plain views: the planner sees through them.
CREATE OR REPLACE VIEW known_profile AS SELECT bucket, id, created_at, traits FROM profile;
-- A number that leads to another profile, and the people whose events are being moved: nothing is decided for them.
CREATE OR REPLACE VIEW known_alias AS SELECT bucket, id, profile_id FROM alias;
CREATE OR REPLACE VIEW known_moving AS SELECT unnest(moving) AS profile_id FROM move_due WHERE due_at IS NOT NULL;
-- Numbers that are nobody and still have rows: what was merged away is being moved, who was erased is looked for again.
CREATE OR REPLACE VIEW known_leaving AS
  SELECT gone.profile_id
    FROM (SELECT bucket, profile_id FROM move_due WHERE due_at IS NOT NULL
           UNION
          SELECT bucket, profile_id FROM erasure WHERE due_at IS NOT NULL) AS gone
   WHERE NOT EXISTS (SELECT FROM profile p WHERE p.bucket = gone.bucket AND p.id = gone.profile_id);
-- `before` says what each trait that changed was; null: it was not there.
CREATE OR REPLACE VIEW known_trait_change AS SELECT bucket, profile_id, at, before FROM trait_change;
CREATE OR REPLACE VIEW known_identifier AS SELECT bucket, kind, value, profile_id, seen_at FROM identifier;
CREATE OR REPLACE VIEW known_address AS
  SELECT bucket, profile_id, channel, value, state, details, on_mobile, on_other, succeeded_at FROM address;
CREATE OR REPLACE VIEW known_opt_out AS SELECT bucket, channel, value, at, how, scope FROM opt_out;
CREATE OR REPLACE VIEW known_topic AS SELECT name, state, channels, basis, needs, critical FROM topic;
CREATE OR REPLACE VIEW known_preference AS
  SELECT bucket, profile_id, topic, channel, state, nullif(address, '') AS address, basis, confirmed, expires_at,
         paused_until, limit_count, limit_s, changed_at
    FROM preference;
CREATE OR REPLACE VIEW known_account AS SELECT bucket, key, traits FROM account;
CREATE OR REPLACE VIEW known_belonging AS SELECT bucket, profile_id, account FROM belonging;
-- What messages may say of somebody's accounts: whichever was joined last stands first. Ask it of a few people only.
CREATE OR REPLACE VIEW known_accounts_of AS
  SELECT joined.bucket, joined.profile_id,
         jsonb_agg(account.traits || jsonb_build_object('key', account.key) ORDER BY since DESC, account.key) AS accounts
    FROM (SELECT bucket, profile_id, account, min(since) AS since
            FROM belonging
           GROUP BY bucket, profile_id, account) AS joined
    JOIN account ON account.key = joined.account
   GROUP BY joined.bucket, joined.profile_id;
CREATE OR REPLACE VIEW known_event AS SELECT bucket, profile_id, at, name_id, received_at, properties FROM event;
CREATE OR REPLACE VIEW known_event_name AS SELECT id, name FROM event_name;
CREATE OR REPLACE VIEW known_event_sum AS
  SELECT bucket, profile_id, name_id, count, first_at, last_at FROM event_sum;
