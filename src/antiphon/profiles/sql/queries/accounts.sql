-- name: hold_members
-- Keeps these profiles from being merged away while their accounts are written; those that are there.
SELECT profile.id
  FROM profile
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON profile.bucket = (given.id & 255)::smallint AND profile.id = given.id
 ORDER BY profile.bucket, profile.id
   FOR KEY SHARE OF profile;

-- name: keep_belongings
-- Who belongs to what, since the earliest time we heard of; what is known already is not written again. `is_new`: that
-- identifier was not known to belong.
WITH given AS MATERIALIZED (
       SELECT (profile_id & 255)::smallint AS bucket, profile_id, account, who, since
         FROM unnest(:profiles::bigint[], :accounts::text[], :whos::bigint[], :since::timestamptz[])
              AS given(profile_id, account, who, since))
INSERT INTO belonging AS kept (bucket, profile_id, account, who, since)
SELECT bucket, profile_id, account, who, since
  FROM given
 WHERE NOT EXISTS (SELECT
                     FROM belonging
                    WHERE belonging.bucket = given.bucket
                      AND belonging.profile_id = given.profile_id
                      AND belonging.account = given.account
                      AND belonging.who = given.who
                      AND belonging.since <= given.since)
 ORDER BY bucket, profile_id, account, who
    ON CONFLICT (bucket, profile_id, account, who) DO UPDATE
   SET since = least(kept.since, excluded.since)
RETURNING profile_id, account, xmax = 0 AS is_new;

-- name: add_accounts
-- Accounts not heard of before; answers which.
INSERT INTO account (bucket, key, created_at)
SELECT bucket, key, :now
  FROM unnest(:buckets::smallint[], :keys::text[]) AS given(bucket, key)
 ORDER BY bucket, key
    ON CONFLICT DO NOTHING
RETURNING key;

-- name: lock_accounts
-- What these accounts were told to be, until the end of the transaction.
SELECT account.key, account.traits, account.told
  FROM account
  JOIN unnest(:buckets::smallint[], :keys::text[]) AS given(bucket, key)
    ON account.bucket = given.bucket AND account.key = given.key
 ORDER BY account.bucket, account.key
   FOR NO KEY UPDATE OF account;

-- name: write_accounts
-- What they are told to be now.
UPDATE account
   SET traits = given.traits::jsonb, told = given.told::jsonb
  FROM unnest(:buckets::smallint[], :keys::text[], :traits::text[], :told::text[]) AS given(bucket, key, traits, told)
 WHERE account.bucket = given.bucket
   AND account.key = given.key;

-- name: read_account
-- One account, and how many belong to it, counted up to a limit.
SELECT account.key, account.created_at, account.traits,
       (SELECT count(*)
          FROM (SELECT DISTINCT belonging.profile_id
                  FROM belonging  -- across buckets: by the index of an account
                 WHERE belonging.account = account.key
                 LIMIT :limit) AS counted) AS members
  FROM account
 WHERE account.bucket = :bucket
   AND account.key = :key;

-- name: page_of_account
-- Who belongs to an account, by profile, after a cursor; its index spans buckets.
SELECT belonging.profile_id, min(belonging.since) AS since,
       (SELECT min(identifier.value)
          FROM identifier
         WHERE identifier.profile_id = belonging.profile_id
           AND identifier.kind = 'external_id') AS external_id
  FROM belonging
 WHERE belonging.account = :account
   AND belonging.profile_id > :after
 GROUP BY belonging.profile_id
 ORDER BY belonging.profile_id
 LIMIT :limit;

-- name: read_belongings
-- The accounts of these people; whichever was joined last stands first.
SELECT belonging.profile_id, belonging.account, min(belonging.since) AS since, account.traits
  FROM unnest(:ids::bigint[]) AS given(id)
  JOIN belonging
    ON belonging.bucket = (given.id & 255)::smallint AND belonging.profile_id = given.id
  JOIN account
    ON account.key = belonging.account
 GROUP BY belonging.profile_id, belonging.account, account.traits
 ORDER BY belonging.profile_id, since DESC, belonging.account;

-- name: drop_belongings
-- Somebody belongs there no longer, by whichever of their names it was said.
DELETE FROM belonging
 WHERE bucket = :bucket
   AND profile_id = :profile
   AND account = :account;
