"""E-mail over SMTP: our own message assembler, DKIM signer and pipelined client.

`smtp.py` is the adapter: limits, settings, the table of statuses, and what is done with a batch. Top down below it:

- `letter.py` turns an `Outgoing` into the bytes of one letter and its envelope, or says why that cannot be;
  `mime.py` assembles, `headers.py` keeps header lines safe, `dkim.py` signs.
- `pool.py` keeps the connections and the queue they draw from; `handshake.py` opens one (EHLO, STARTTLS, AUTH);
  `pipeline.py` moves letters over it; `job.py` is one letter on its way and the results of one batch;
  `reply.py` reads what the server says.

What decides a result: a letter whose final dot was written and not answered is `InDoubt`; one that the server
answered is `Accepted` or `Refused`; everything else is `NotSent`.
"""
