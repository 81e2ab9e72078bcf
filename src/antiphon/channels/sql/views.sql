-- What may be said on a channel that knows windows, until when; who is not in it has none open.
CREATE OR REPLACE VIEW known_window AS
SELECT bucket, channel, value, kind, until FROM contact_window;
