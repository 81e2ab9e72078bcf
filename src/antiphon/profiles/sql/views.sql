-- What parts above may read. Plain views: the planner sees through them.
CREATE OR REPLACE VIEW known_profile AS SELECT bucket, id, created_at, traits FROM profile;
CREATE OR REPLACE VIEW known_identifier AS SELECT bucket, kind, value, profile_id, seen_at FROM identifier;
CREATE OR REPLACE VIEW known_address AS SELECT bucket, profile_id, channel, value, state, details FROM address;
CREATE OR REPLACE VIEW known_opt_out AS SELECT bucket, channel, value, at, how FROM opt_out;
CREATE OR REPLACE VIEW known_preference AS SELECT bucket, profile_id, topic, channel, state FROM preference;
CREATE OR REPLACE VIEW known_event AS SELECT bucket, profile_id, at, name_id, received_at, properties FROM event;
CREATE OR REPLACE VIEW known_event_name AS SELECT id, name FROM event_name;
CREATE OR REPLACE VIEW known_event_sum AS
  SELECT bucket, profile_id, name_id, count, first_at, last_at FROM event_sum;

