-- The tables of the judge of a month, then its rules. Nothing of the product's code is asked. A rule is a query for the
-- arrivals that break it; each is followed by a plant: rows (with n below 0) that it must find.
-- Times of the wall are seconds; something said is certainly in force a second after its acknowledgement.

CREATE SCHEMA judged;
SET search_path = judged, public;
-- a message that reached an address; `at` is product time; `returned`: the mailbox or the phone did not have it after all
CREATE TABLE arrival (n bigint PRIMARY KEY, wall double precision, at timestamptz, channel text, address text, who text,
  mark text, provider text, cost double precision, nth integer, returned boolean NOT NULL DEFAULT false);
-- every knock at an address, also those that were refused
CREATE TABLE knock (n bigint, wall double precision, channel text, address text);
CREATE TABLE person (who text PRIMARY KEY, region text, country text, zone text, grp integer, staff boolean,
  discount double precision);
CREATE TABLE owner (who text, channel text, address text);
CREATE TABLE aim (mark text PRIMARY KEY, purpose text, topic text, channels text[], failover text, who text, groups integer[],
  not_before timestamptz, local_at timestamp, expires_at timestamptz, budget double precision, cost_max double precision,
  no_staff boolean, no_gold boolean, discount double precision, follows text);
CREATE TABLE said (n bigint, sent double precision, told double precision, who text, topic text, channel text, state text,
  until timestamptz);
CREATE TABLE optout (told double precision, channel text, address text, everything boolean);
CREATE TABLE dead (told double precision, channel text, address text);
CREATE TABLE opened (told double precision, channel text, address text, nth integer);
CREATE TABLE tier (told double precision, who text, tier text);
CREATE TABLE stop (mark text, from_wall double precision, to_wall double precision);
CREATE TABLE cap (count integer, within interval, topic text, channel text);
CREATE TABLE law_hours (region text, day integer, begins time, ends time);
CREATE TABLE law_holiday (region text, day date);
CREATE TABLE law_cap (region text, count integer, within interval);
CREATE TABLE topic (name text, state text, channels text[], critical boolean);
CREATE TABLE rules (quiet_start time, quiet_end time, quiet_channels text[], holidays date[], critical_per_hour integer);

-- index
CREATE INDEX ON arrival (who, at);
CREATE INDEX ON arrival (mark, who);
CREATE INDEX ON arrival (channel, address, nth);
CREATE INDEX ON knock (channel, address, wall);
CREATE INDEX ON said (who, topic);
CREATE INDEX ON optout (channel, address);
CREATE INDEX ON dead (channel, address);
CREATE INDEX ON opened (channel, address, nth);
CREATE INDEX ON tier (who, told);
CREATE INDEX ON owner (channel, address);
ANALYZE arrival, knock, said, optout, dead, opened, tier, owner, person;
-- who hears it as a nuisance: campaigns
CREATE VIEW mass AS SELECT a.*, m.topic, p.region, p.country, a.at AT TIME ZONE p.zone AS local
  FROM arrival a JOIN aim m USING (mark) JOIN person p ON p.who = a.who WHERE m.purpose = 'campaign';
-- what heeds wishes: all but what is critical
CREATE VIEW heeding AS SELECT a.*, m.topic FROM arrival a JOIN aim m USING (mark) JOIN topic t ON t.name = m.topic
 WHERE NOT (m.purpose IN ('code', 'alert') AND t.critical);
-- the last word at a topic and channel: a broad one replaces the narrow one before it. Whoever spoke of the topic at about
-- the same moment is left out: what was in force then nobody can say
CREATE VIEW word AS SELECT h.n, h.channel, h.topic, own.state, elsewhere.wanted
  FROM heeding h
  LEFT JOIN LATERAL (
       SELECT s.state FROM said s WHERE s.who = h.who AND s.topic = h.topic AND s.channel IN (h.channel, '*')
          AND s.told < h.wall - 1 ORDER BY s.n DESC LIMIT 1) own ON true
  LEFT JOIN LATERAL (
       SELECT bool_or(last.state = 'wanted') AS wanted
         FROM (SELECT DISTINCT ON (s.channel) s.state FROM said s
                WHERE s.who = h.who AND s.topic = h.topic AND s.told < h.wall - 1
                ORDER BY s.channel, s.n DESC) last) elsewhere ON true
 WHERE NOT EXISTS (SELECT FROM said s WHERE s.who = h.who AND s.topic = h.topic AND s.sent <= h.wall
                      AND s.told >= h.wall - 1);

-- rule: opted out
SELECT a.n FROM arrival a JOIN aim m USING (mark) JOIN optout o USING (channel, address)
 WHERE o.told < a.wall - 1 AND (o.everything OR m.purpose = 'campaign');
-- plant
INSERT INTO optout SELECT wall - 2, channel, address, false FROM mass WHERE n = :mass;

-- rule: against a wish
SELECT n FROM word WHERE state = 'unwanted';
-- plant
INSERT INTO said SELECT 10000000, wall - 3, wall - 2, who, topic, channel, 'unwanted' FROM mass WHERE n = :mass;

-- rule: another channel is wanted
SELECT n FROM word WHERE state IS NULL AND wanted;
-- plant
INSERT INTO said SELECT 10000000, wall - 3, wall - 2, who, topic, CASE channel WHEN 'email' THEN 'sms' ELSE 'email' END, 'wanted'
  FROM mass WHERE n = :mass;
DELETE FROM said USING mass WHERE mass.n = :mass AND said.who = mass.who AND said.n < 10000000;

-- rule: not by default
SELECT w.n FROM word w JOIN topic t ON t.name = w.topic
 WHERE w.state IS NULL AND w.wanted IS NOT TRUE
   AND (t.state = 'unwanted' OR (t.channels <> '{}' AND NOT w.channel = ANY (t.channels)));
-- plant
DELETE FROM said USING mass WHERE mass.n = :mass AND said.who = mass.who;
UPDATE topic SET state = 'unwanted' FROM mass WHERE mass.n = :mass AND topic.name = mass.topic;

-- rule: paused
SELECT h.n FROM heeding h
  JOIN LATERAL (SELECT s.until FROM said s WHERE s.who = h.who AND s.state = 'paused' AND s.told < h.wall - 1
                 ORDER BY s.n DESC LIMIT 1) last ON last.until > h.at
 WHERE NOT EXISTS (SELECT FROM said s WHERE s.who = h.who AND s.state = 'paused' AND s.sent <= h.wall
                      AND s.told >= h.wall - 1);
-- plant
INSERT INTO said SELECT 10000000, wall - 3, wall - 2, who, '*', '*', 'paused', at + interval '1 hour' FROM mass WHERE n = :mass;

-- rule: quiet hours
SELECT m.n FROM mass m CROSS JOIN rules r
 WHERE m.channel = ANY (r.quiet_channels) AND (m.local::time >= r.quiet_start OR m.local::time < r.quiet_end);
-- plant
UPDATE arrival SET channel = 'push', at = (date '2026-05-11' + time '22:30') AT TIME ZONE p.zone
  FROM person p WHERE n = :mass AND p.who = arrival.who;

-- rule: a holiday of the company
SELECT m.n FROM mass m CROSS JOIN rules r WHERE m.channel = ANY (r.quiet_channels) AND m.local::date = ANY (r.holidays);
-- plant
UPDATE arrival SET channel = 'push', at = (r.holidays[1] + time '12:00') AT TIME ZONE p.zone
  FROM person p, rules r WHERE n = :mass AND p.who = arrival.who;

-- rule: hours of the law
SELECT m.n FROM mass m
 WHERE m.channel = 'sms' AND EXISTS (SELECT FROM law_hours l WHERE l.region IN (m.region, m.country)
   AND NOT EXISTS (SELECT FROM law_hours h WHERE h.region = l.region AND h.day = extract(isodow FROM m.local)
                      AND m.local::time >= h.begins AND m.local::time < h.ends));
-- plant
UPDATE arrival SET channel = 'sms', who = (SELECT who FROM person WHERE country = 'FR' LIMIT 1),
  at = (date '2026-05-10' + time '12:00') AT TIME ZONE 'Europe/Paris' WHERE n = :mass;

-- rule: a holiday of the law
SELECT m.n FROM mass m JOIN law_holiday h ON h.region = m.country AND h.day = m.local::date WHERE m.channel = 'sms';
-- plant
UPDATE arrival SET channel = 'sms', who = (SELECT who FROM person WHERE country = 'FR' LIMIT 1),
  at = (date '2026-05-08' + time '12:00') AT TIME ZONE 'Europe/Paris' WHERE n = :mass;

-- rule: above a limit of the law
SELECT m.n FROM mass m JOIN law_cap l USING (region)
 WHERE m.channel = 'sms' AND l.count <= (SELECT count(*) FROM mass o WHERE o.who = m.who AND o.channel = 'sms'
   AND (o.wall, o.n) < (m.wall, m.n) AND o.at > m.at - l.within AND NOT o.returned);
-- plant
UPDATE arrival SET channel = 'sms', who = (SELECT who FROM person WHERE region = 'US-FL' LIMIT 1) WHERE n = :mass;
INSERT INTO arrival SELECT :mass - g, wall - g, at, channel, address, who, mark FROM arrival, generate_series(1, 3) g WHERE n = :mass;

-- rule: above a cap
-- A message counts when it was first tried: where that failed and another attempt came later, the world cannot tell when
-- that was, and the next rule looks.
SELECT m.n FROM mass m JOIN cap c ON (c.topic IS NULL OR c.topic = m.topic) AND (c.channel IS NULL OR c.channel = m.channel)
 WHERE NOT m.returned AND (c.channel IS NOT NULL OR (m.mark, m.who) NOT IN (SELECT mark, who FROM several))
   AND c.count <= (SELECT count(DISTINCT o.mark) FROM mass o
   WHERE o.who = m.who AND (o.wall, o.n) < (m.wall, m.n) AND o.at > m.at - c.within AND NOT o.returned AND o.mark <> m.mark
     AND (c.topic IS NULL OR c.topic = o.topic) AND (c.channel IS NULL OR c.channel = o.channel)
     AND (c.channel IS NOT NULL OR (o.mark, o.who) NOT IN (SELECT mark, who FROM several)));
-- plant
INSERT INTO aim (mark, purpose, topic) SELECT 'Plant' || g, 'campaign', 'news' FROM generate_series(1, 4) g;
INSERT INTO arrival SELECT :mass - g, wall - g, at, channel, address, who, 'Plant' || g FROM arrival, generate_series(1, 4) g WHERE n = :mass;

-- rule: note: above a cap, by when an attempt after a failed one arrived
SELECT m.n FROM mass m JOIN cap c ON (c.topic IS NULL OR c.topic = m.topic) AND c.channel IS NULL
 WHERE NOT m.returned AND c.count <= (SELECT count(DISTINCT o.mark) FROM mass o
   WHERE o.who = m.who AND (o.wall, o.n) < (m.wall, m.n) AND o.at > m.at - c.within AND NOT o.returned AND o.mark <> m.mark
     AND (c.topic IS NULL OR c.topic = o.topic));
-- plant
INSERT INTO aim (mark, purpose, topic) SELECT 'Plant' || g, 'campaign', 'news' FROM generate_series(1, 4) g;
INSERT INTO arrival SELECT :mass - g, wall - g, at, channel, address, who, 'Plant' || g FROM arrival, generate_series(1, 4) g WHERE n = :mass;

-- rule: twice to a person
SELECT a.n FROM arrival a JOIN aim m USING (mark) JOIN arrival o ON o.mark = a.mark AND o.who = a.who AND (o.wall, o.n) < (a.wall, a.n)
 WHERE m.failover = 'definite' AND NOT a.returned AND NOT o.returned;
-- plant
INSERT INTO arrival SELECT :mass - 1, wall - 1, at, 'push', '/push/0', who, mark FROM arrival WHERE n = :mass;

-- rule: twice to an address
SELECT a.n FROM arrival a JOIN aim m USING (mark)
  JOIN arrival o ON o.mark = a.mark AND o.channel = a.channel AND o.address = a.address AND (o.wall, o.n) < (a.wall, a.n)
 WHERE m.failover = 'definite';
-- plant
INSERT INTO arrival SELECT :mass - 1, wall - 1, at, channel, address, 'nobody', mark FROM arrival WHERE n = :mass;

-- rule: more doubles than failovers
SELECT min(a.n) FROM arrival a JOIN aim m USING (mark)
 WHERE m.failover = 'silence' AND NOT a.returned GROUP BY a.mark, a.who
HAVING count(*) - 1 > (SELECT count(*) - 1 FROM attempts t WHERE t.mark = a.mark);
-- plant
INSERT INTO arrival SELECT :silent - g, wall + g, at, channel, address, who, mark FROM arrival, generate_series(1, 5) g WHERE n = :silent;

-- rule: to a dead address
SELECT k.n FROM knock k JOIN dead d USING (channel, address) WHERE k.wall > d.told + 5;
-- plant
INSERT INTO knock SELECT n, wall, channel, address FROM arrival WHERE n = :mass;
INSERT INTO dead SELECT wall - 6, channel, address FROM arrival WHERE n = :mass;

-- rule: expired
SELECT a.n FROM arrival a JOIN aim m USING (mark) WHERE a.at > m.expires_at;
-- plant
UPDATE aim SET expires_at = arrival.at - interval '1 second' FROM arrival WHERE arrival.n = :mass AND aim.mark = arrival.mark;

-- rule: too early
SELECT a.n FROM arrival a JOIN aim m USING (mark) JOIN person p ON p.who = a.who
 WHERE a.at < m.not_before OR a.at AT TIME ZONE p.zone < m.local_at;
-- plant
UPDATE aim SET local_at = (arrival.at AT TIME ZONE p.zone) + interval '1 minute'
  FROM arrival, person p WHERE arrival.n = :mass AND aim.mark = arrival.mark AND p.who = arrival.who;

-- rule: not eligible by tier
SELECT a.n FROM arrival a JOIN aim m USING (mark)
  JOIN LATERAL (SELECT t.tier FROM tier t WHERE t.who = a.who AND t.told < a.wall - 1 ORDER BY t.told DESC LIMIT 1) t ON true
 WHERE m.no_gold AND t.tier = 'gold';
-- plant
UPDATE aim SET no_gold = true FROM arrival WHERE arrival.n = :mass AND aim.mark = arrival.mark;
INSERT INTO tier SELECT wall - 2, who, 'gold' FROM arrival WHERE n = :mass;

-- rule: holds a better offer
SELECT a.n FROM arrival a JOIN aim m USING (mark) JOIN person p ON p.who = a.who WHERE p.discount >= m.discount;
-- plant
UPDATE aim SET discount = 5 FROM arrival WHERE arrival.n = :mass AND aim.mark = arrival.mark;
UPDATE person SET discount = 5 FROM arrival WHERE arrival.n = :mass AND person.who = arrival.who;

-- rule: excluded
SELECT a.n FROM arrival a JOIN aim m USING (mark) JOIN person p ON p.who = a.who WHERE m.no_staff AND p.staff;
-- plant
UPDATE aim SET no_staff = true FROM arrival WHERE arrival.n = :mass AND aim.mark = arrival.mark;
UPDATE person SET staff = true FROM arrival WHERE arrival.n = :mass AND person.who = arrival.who;

-- rule: outside of the audience
SELECT a.n FROM arrival a JOIN aim m USING (mark) JOIN person p ON p.who = a.who WHERE NOT p.grp = ANY (m.groups);
-- plant
UPDATE aim SET groups = '{99}' FROM arrival WHERE arrival.n = :mass AND aim.mark = arrival.mark;

-- rule: off its channels
SELECT a.n FROM arrival a JOIN aim m USING (mark) WHERE NOT a.channel = ANY (m.channels);
-- plant
UPDATE aim SET channels = '{fax}' FROM arrival WHERE arrival.n = :mass AND aim.mark = arrival.mark;

-- rule: somebody else
SELECT a.n FROM arrival a JOIN aim m USING (mark)
 WHERE m.who <> a.who OR NOT EXISTS (SELECT FROM owner o WHERE o.who = a.who AND o.channel = a.channel AND o.address = a.address);
-- plant
UPDATE arrival SET address = 'somebody.else@mail.example' WHERE n = :mass;

-- rule: beyond a budget
SELECT max(a.n) FROM arrival a JOIN aim m USING (mark) WHERE m.budget IS NOT NULL GROUP BY m.mark, m.budget HAVING sum(a.cost) > m.budget + 1e-6;
-- plant
UPDATE aim SET budget = 0.0 FROM arrival WHERE arrival.n = :mass AND aim.mark = arrival.mark;
UPDATE arrival SET cost = 1 WHERE n = :mass;
DELETE FROM arrival o USING arrival a WHERE a.n = :mass AND o.mark = a.mark AND o.n <> a.n;

-- rule: too dear
SELECT a.n FROM arrival a JOIN aim m USING (mark) WHERE a.cost > m.cost_max;
-- plant
UPDATE aim SET cost_max = 0.0 FROM arrival WHERE arrival.n = :mass AND aim.mark = arrival.mark;
UPDATE arrival SET cost = 1 WHERE n = :mass;

-- rule: repeats what was seen
SELECT a.n FROM arrival a JOIN aim m USING (mark) JOIN arrival f ON f.mark = m.follows AND f.who = a.who
  JOIN opened o ON o.channel = f.channel AND o.address = f.address AND o.nth = f.nth
 WHERE o.told < a.wall - 1;
-- plant
UPDATE aim SET follows = 'Followed' FROM arrival WHERE arrival.n = :mass AND aim.mark = arrival.mark;
INSERT INTO arrival SELECT :mass - 1, wall - 9, at, 'email', 'x@mail.example', who, 'Followed', nth => 1 FROM arrival WHERE n = :mass;
INSERT INTO opened SELECT wall - 5, 'email', 'x@mail.example', 1 FROM arrival WHERE n = :mass;

-- rule: after it was paused or cancelled
SELECT a.n FROM arrival a JOIN stop s USING (mark) WHERE a.wall > s.from_wall + 1 AND a.wall < s.to_wall;
-- plant
INSERT INTO stop SELECT mark, wall - 2, wall + 2 FROM arrival WHERE n = :mass;

-- rule: too many urgent
SELECT a.n FROM arrival a JOIN aim m USING (mark) CROSS JOIN rules r
 WHERE m.purpose IN ('code', 'alert') AND r.critical_per_hour <= (
   SELECT count(DISTINCT o.mark) FROM arrival o JOIN aim x ON x.mark = o.mark
    WHERE x.purpose IN ('code', 'alert') AND o.who = a.who AND o.mark < a.mark AND o.at > a.at - interval '1 hour' AND o.at <= a.at);
-- plant
INSERT INTO aim (mark, purpose, topic) SELECT 'A' || g, 'code', 'security' FROM generate_series(1, 9) g;
INSERT INTO arrival SELECT :silent - g, wall, at, channel, address, who, 'A' || g FROM arrival, generate_series(1, 9) g WHERE n = :silent;

-- rule: without proof in the ledger
SELECT -1::bigint FROM optout o WHERE NOT EXISTS (
  SELECT FROM public.consent c WHERE c.scope IS NOT NULL AND c.state = 'unwanted' AND c.channel = o.channel AND c.address = o.address);
-- plant
INSERT INTO optout VALUES (0, 'email', 'never.said@mail.example', true);

-- rule: a word that is not in the ledger
SELECT -1::bigint FROM said s WHERE NOT EXISTS (
  SELECT FROM public.identifier i JOIN public.consent c ON c.profile_id = i.profile_id
   WHERE i.kind = 'external_id' AND i.value = s.who AND (c.topic, c.channel, c.state) = (s.topic, s.channel, s.state));
-- plant
INSERT INTO said VALUES (10000000, 0, 0, 'nobody', 'news', 'email', 'wanted');

-- rule: delivered to nobody
SELECT -1::bigint FROM attempts t WHERE t.state IN ('delivered', 'read') AND NOT EXISTS (
  SELECT FROM arrival a WHERE a.mark = t.mark AND a.who = t.who AND a.channel = t.channel AND a.address = t.address);
-- plant
INSERT INTO attempts VALUES ('Mark00001', 'nobody', 'email', 'delivered', 'nobody@mail.example');
