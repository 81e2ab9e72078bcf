-- name: lock_speakers
-- Holds people while their preferences are made anew: a rival statement of theirs waits, and is then in the ledger.
SELECT profile.id
  FROM profile
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON profile.bucket = (given.id & 255)::smallint AND profile.id = given.id
 ORDER BY profile.bucket, profile.id
   FOR NO KEY UPDATE OF profile;

-- name: hold_people
-- Keeps people from being merged away while something is written for their number.
SELECT profile.id
  FROM profile
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON profile.bucket = (given.id & 255)::smallint AND profile.id = given.id
 ORDER BY profile.bucket, profile.id
   FOR KEY SHARE OF profile;

-- name: find_namers
-- The numbers of identifiers, and whose they are.
SELECT identifier.kind, identifier.value, identifier.id, identifier.profile_id
  FROM identifier
  JOIN unnest(:buckets::smallint[], :kinds::text[], :values::text[]) AS given(bucket, kind, value)
    ON identifier.bucket = given.bucket
   AND identifier.kind = given.kind
   AND identifier.value = given.value;

-- name: add_consents
-- What was said, appended; ids rise in the order given. Answers them.
INSERT INTO consent (bucket, id, profile_id, who, at, recorded_at, topic, channel, address, scope, state, until,
                     expires_at, limit_count, limit_s, basis, method, source, wording, wording_version, language, ip,
                     user_agent, asked_at, confirmed_at, asked_id)
SELECT (profile_id & 255)::smallint, nextval('consent_seq') * 256 + (profile_id & 255), profile_id, who, at, :now,
       topic, channel, address, scope, state, until, expires_at, limit_count, limit_s, basis, method, source, wording,
       wording_version, language, ip, user_agent, asked_at, confirmed_at, asked_id
  FROM jsonb_to_recordset(:rows::jsonb)
       AS given(place integer, profile_id bigint, who bigint, at timestamptz, topic text, channel text, address text,
                scope text, state text, until timestamptz, expires_at timestamptz, limit_count integer,
                limit_s double precision, basis text, method text, source text, wording text, wording_version text,
                language text, ip text, user_agent text, asked_at timestamptz, confirmed_at timestamptz,
                asked_id bigint)
 ORDER BY place
RETURNING id;

-- name: read_said
-- What the preferences of these people are made of.
SELECT consent.profile_id, consent.id, consent.at, consent.topic, consent.channel, consent.address, consent.state,
       consent.until, consent.expires_at, consent.limit_count, consent.limit_s, consent.basis,
       consent.confirmed_at IS NOT NULL AS confirmed, consent.who
  FROM consent
  JOIN unnest(:profiles::bigint[]) AS given(profile_id)
    ON consent.bucket = (given.profile_id & 255)::smallint AND consent.profile_id = given.profile_id
 WHERE consent.scope IS NULL
   AND consent.state <> 'pending';

-- name: replace_preferences
-- These people's preferences are these rows and no others; what is the same already is not written.
WITH given AS MATERIALIZED (
       SELECT (profile_id & 255)::smallint AS bucket, given.*
         FROM jsonb_to_recordset(:rows::jsonb)
              AS given(profile_id bigint, topic text, channel text, address text, state text, basis text,
                       confirmed boolean, expires_at timestamptz, paused_until timestamptz, limit_count integer,
                       limit_s double precision, changed_at timestamptz, consent_id bigint)),
     gone AS (
       DELETE FROM preference
        USING unnest(:profiles::bigint[]) AS person(profile_id)
        WHERE preference.bucket = (person.profile_id & 255)::smallint
          AND preference.profile_id = person.profile_id
          AND NOT EXISTS (SELECT
                            FROM given
                           WHERE given.profile_id = preference.profile_id
                             AND given.topic = preference.topic
                             AND given.channel = preference.channel
                             AND given.address = preference.address))
INSERT INTO preference AS kept (bucket, profile_id, topic, channel, address, state, basis, confirmed, expires_at,
                                paused_until, limit_count, limit_s, changed_at, consent_id)
SELECT bucket, profile_id, topic, channel, address, state, basis, confirmed, expires_at, paused_until, limit_count,
       limit_s, changed_at, consent_id
  FROM given
 ORDER BY bucket, profile_id, topic, channel, address
    ON CONFLICT (bucket, profile_id, topic, channel, address) DO UPDATE
   SET state = excluded.state, basis = excluded.basis, confirmed = excluded.confirmed,
       expires_at = excluded.expires_at, paused_until = excluded.paused_until, limit_count = excluded.limit_count,
       limit_s = excluded.limit_s, changed_at = excluded.changed_at, consent_id = excluded.consent_id
 WHERE (kept.changed_at, kept.consent_id, kept.state, kept.basis, kept.confirmed, kept.expires_at, kept.paused_until,
        kept.limit_count, kept.limit_s)
       IS DISTINCT FROM
       (excluded.changed_at, excluded.consent_id, excluded.state, excluded.basis, excluded.confirmed,
        excluded.expires_at, excluded.paused_until, excluded.limit_count, excluded.limit_s);

-- name: read_standing
-- What stands for these people.
SELECT preference.profile_id, preference.topic, preference.channel, preference.address, preference.state,
       preference.basis, preference.confirmed, preference.expires_at, preference.paused_until, preference.limit_count,
       preference.limit_s, preference.changed_at, preference.consent_id
  FROM preference
  JOIN unnest(:profiles::bigint[]) AS given(profile_id)
    ON preference.bucket = (given.profile_id & 255)::smallint AND preference.profile_id = given.profile_id
 ORDER BY preference.profile_id, preference.topic, preference.channel, preference.address;

-- name: read_origins
-- When and how these statements of one person were made.
SELECT id, at, method
  FROM consent
 WHERE bucket = :bucket
   AND id = ANY(:ids::bigint[]);

-- name: read_ledger
-- All that one person said, the latest first; from after a place on.
SELECT id, at, recorded_at, topic, channel, address, scope, state, until, expires_at, limit_count, limit_s, basis,
       method, source, wording, wording_version, language, ip, user_agent, asked_at, confirmed_at, asked_id, who
  FROM consent
 WHERE bucket = :bucket
   AND profile_id = :profile
   AND (at, id) < (:at, :id)
 ORDER BY at DESC, id DESC
 LIMIT :limit;

-- name: find_question
-- A double opt-in that was asked. Reads across buckets: it moves with whom it was asked when people are merged.
SELECT profile_id, who, topic, channel, address, coalesce(asked_at, at) AS asked_at, expires_at, source, wording,
       wording_version, language
  FROM consent
 WHERE id = :id
   AND state = 'pending';

-- name: find_answer
-- Whether this question of this person was answered.
SELECT id
  FROM consent
 WHERE bucket = :bucket
   AND profile_id = :profile
   AND asked_id = :asked_id;

-- name: add_opt_outs
-- The first opt-out of an address stays, for it is the proof; but a wider one replaces a narrower.
INSERT INTO opt_out AS kept (bucket, channel, value, at, how, scope)
SELECT bucket, :channel, value, :now, :how, :scope
  FROM unnest(:buckets::smallint[], :values::text[]) AS given(bucket, value)
 ORDER BY bucket, value
    ON CONFLICT (bucket, channel, value) DO UPDATE
   SET at = excluded.at, how = excluded.how, scope = excluded.scope
 WHERE kept.scope = 'marketing'
   AND excluded.scope = 'everything';

-- name: drop_opt_outs
-- These addresses may be written to again. Taking back the narrower one leaves the wider.
DELETE FROM opt_out
 USING unnest(:buckets::smallint[], :values::text[]) AS given(bucket, value)
 WHERE opt_out.bucket = given.bucket
   AND opt_out.channel = :channel
   AND opt_out.value = given.value
   AND (opt_out.scope = 'marketing' OR :scope = 'everything');

-- name: find_holders
-- Whoever can be reached at these addresses. Reads across buckets: an address may be shared.
SELECT profile_id, value
  FROM address
 WHERE channel = :channel
   AND value = ANY(:values::text[])
 ORDER BY profile_id, value;
