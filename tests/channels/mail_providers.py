"""Stand-ins for the mail providers with an HTTP API: how each answers and calls, in the shapes of its documentation.

Answers and events are written by hand after the pages that the adapters name; addresses and ids are invented.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from antiphon.channels.adapter import Callback, Surroundings
from antiphon.kernel.records import DeliveryId, EmailBody, Outgoing, ProviderId
from antiphon.kernel.tokens import BadToken, Signer

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SIGNER = Signer(b"a secret of tests, long enough")
PROVIDER = ProviderId(7)
SECRET = "hush5ecret"


def delivery_of(token):
    try:
        return DeliveryId(SIGNER.read("m", token)[0])
    except BadToken:
        return None


def token_of(delivery):
    return SIGNER.sign("m", delivery)


def around(**options):
    given = {"provider": PROVIDER, "now": lambda: NOON, "delivery_of": delivery_of, "private": True}
    return Surroundings(**{**given, "callback_url": "https://shop.example/hooks/abc", **options})


BODY = EmailBody(
    sender="news@shop.example",
    sender_name='Grüße "Laden", GmbH',
    subject="Zehn Prozent für Ünal 🎉",
    html="<p>Grüße</p>",
    text="Grüße",
    reply_to="help@shop.example",
    unsubscribe_url="https://shop.example/u/abc",
    feedback_id="spring:shop:campaign:antiphon",
)


def message(delivery=1, *, to="ada@example.org", body=BODY, deadline_s=5.0, **fields):
    return Outgoing(DeliveryId(delivery), token_of(delivery), to, body, time.time() + deadline_s, **fields)


def http(status, body=b"", **headers):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *lines])
    return head.encode() + b"\r\n\r\n" + body


class Server:
    """`answer` takes (line, headers, body) and gives the octets to answer with; None is silence, b"" closes."""

    def __init__(self):
        self.answer = lambda *_: http(200)
        self.requests, self.writers = [], []
        self.open, self.open_max, self.pause_s = 0, 0, 0.0

    async def serve(self, reader, writer):
        self.writers.append(writer)
        while head := await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b"":
            line, *fields = head.decode().strip().split("\r\n")
            headers = {name.lower(): value for name, value in (field.split(": ", 1) for field in fields)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.requests.append((line, headers, body))
            self.open += 1
            self.open_max = max(self.open, self.open_max)
            await asyncio.sleep(self.pause_s)
            self.open -= 1
            said = self.answer(line, headers, body)
            if said:
                writer.write(said)
            elif said == b"":
                writer.close()

    async def quietly(self, reader, writer):
        try:
            await self.serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@asynccontextmanager
async def serving():
    server = Server()
    listening = await asyncio.start_server(server.quietly, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()
        for writer in server.writers:
            writer.close()


def posted(body, *, wall=None, **headers):
    """A call as the door hands it on. Underscores in names are hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Callback("POST", named, {}, body, time.time() if wall is None else wall)


def basic(username, password):
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


class Provider:
    """`good`, `throttled`, `dead`, `credentials`: answers. `says` reads a request as a letter in plain values."""

    adapter: str
    dead = None
    """An answer that says that the address is dead; None where answers never do."""

    def settings(self, url):
        raise NotImplementedError

    def credentials(self, *_):
        return http(401, {"message": "Unauthorized"})

    def throttled(self, *_):
        return http(429, {"message": "Too many requests"}, Retry_After="17")


class Ses(Provider):
    adapter = "ses"
    topic = "arn:aws:sns:eu-west-1:123456789012:mail-events"

    def __init__(self):
        self.key = rsa.generate_private_key(65537, 2048)
        self.pem = self.certificate()

    def certificate(self, name="sns.amazonaws.com", *, from_days=-1, to_days=30):
        now = datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        building = x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
        building = building.public_key(self.key.public_key()).serial_number(1)
        building = building.not_valid_before(now + timedelta(days=from_days))
        signed = building.not_valid_after(now + timedelta(days=to_days)).sign(self.key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)

    def settings(self, url):
        return {
            "region": "eu-west-1",
            "access_key_id": "AKIAEXAMPLE",
            "secret_access_key": SECRET,
            "base_url": url,
            "sns_url": url,
            "topic_arn": self.topic,
        }

    def good(self, line, _headers, _body):
        if line.startswith("GET /SimpleNotificationService-"):
            return http(200, self.pem)
        if line.startswith("GET /?Action=ConfirmSubscription"):
            return http(200, b"<ConfirmSubscriptionResponse/>")
        return http(200, {"MessageId": "0102018f-1"})

    def throttled(self, *_):
        said = {"message": "Maximum sending rate exceeded."}
        return http(429, said, x_amzn_ErrorType="TooManyRequestsException", Retry_After="17")

    def credentials(self, *_):
        return http(403, {"message": "The security token is invalid."}, x_amzn_ErrorType="UnrecognizedClientException")

    def says(self, _headers, body):
        asked = json.loads(body)
        mail = message_from_bytes(base64.b64decode(asked["Content"]["Raw"]["Data"]), policy=policy.default)
        [tag] = asked["EmailTags"]
        return {
            "to": asked["Destination"]["ToAddresses"][0],
            "from": mail["From"].addresses[0].addr_spec,
            "name": mail["From"].addresses[0].display_name,
            "subject": mail["Subject"],
            "reply_to": mail["Reply-To"],
            "text": mail.get_body(["plain"]).get_content().strip(),
            "html": mail.get_body(["html"]).get_content().strip(),
            "headers": dict(mail.items()),
            "token": tag["Value"],
        }

    def sns(self, message, *, kind="Notification", version="2", signer=None, **changes):
        said = {
            "Type": kind,
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": self.topic,
            "Message": message if isinstance(message, str) else json.dumps(message),
            "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "SignatureVersion": version,
            "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b2c.pem",
        }
        if kind != "Notification":
            said["Token"] = "2336412f37"
            said["SubscribeURL"] = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37"
        said |= changes
        names = ["Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token", "TopicArn", "Type"]
        text = "".join(f"{name}\n{said[name]}\n" for name in names if name in said)
        algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
        signature = (signer or self.key).sign(text.encode(), padding.PKCS1v15(), algorithm)
        return {**said, "Signature": base64.b64encode(signature).decode()}

    def call(self, event):
        return posted(json.dumps(self.sns(event)).encode(), content_type="text/plain; charset=UTF-8")

    def forged(self, event):
        said = self.sns(event)
        return posted(json.dumps(said | {"Message": json.dumps(event | {"more": 1})}).encode())

    def mail(self, delivery, message_id="0102018f-1"):
        tags = {"antiphon": [token_of(delivery)], "ses:source-ip": ["192.0.2.1"]}
        return {"messageId": message_id, "timestamp": "2026-11-21T11:00:00.000Z", "tags": tags}

    def delivered(self, delivery):
        return {"eventType": "Delivery", "mail": self.mail(delivery), "delivery": {"recipients": ["ada@example.org"]}}

    def complained(self, delivery):
        about = {"complainedRecipients": [{"emailAddress": "ada@example.org"}], "complaintFeedbackType": "abuse"}
        return {"eventType": "Complaint", "mail": self.mail(delivery), "complaint": about}

    def strange(self, delivery):
        return {"eventType": "Levitation", "mail": self.mail(delivery), "levitation": {}}


class SendGrid(Provider):
    adapter = "sendgrid"

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        public = self.key.public_key()
        form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.public = base64.b64encode(public.public_bytes(*form)).decode()

    def settings(self, url):
        return {"api_key": SECRET, "webhook_key": self.public, "base_url": url}

    def good(self, *_):
        return http(202, X_Message_Id="filter0001p3")

    def credentials(self, *_):
        return http(401, {"errors": [{"message": "The provided authorization grant is invalid.", "field": None}]})

    def says(self, _headers, body):
        asked = json.loads(body)
        [person] = asked["personalizations"]
        parts = {part["type"]: part["value"] for part in asked["content"]}
        return {
            "to": person["to"][0]["email"],
            "from": asked["from"]["email"],
            "name": asked["from"]["name"],
            "subject": asked["subject"],
            "reply_to": asked["reply_to"]["email"],
            "text": parts["text/plain"],
            "html": parts["text/html"],
            "headers": asked["headers"],
            "token": person["custom_args"]["antiphon"],
        }

    def call(self, *events, at=None, signed=None):
        body = json.dumps(list(events)).encode()
        stamp = str(int(time.time() if at is None else at))
        signature = self.key.sign(stamp.encode() + (signed or body), ec.ECDSA(hashes.SHA256()))
        return posted(
            body,
            content_type="application/json",
            x_twilio_email_event_webhook_signature=base64.b64encode(signature).decode(),
            x_twilio_email_event_webhook_timestamp=stamp,
        )

    def forged(self, event):
        return self.call(event, signed=b"[]")

    def event(self, kind, delivery, **fields):
        given = {"email": "ada@example.org", "timestamp": int(time.time()), "event": kind, "sg_event_id": "c2c3"}
        known_as = {"sg_message_id": "filter0001p3.16648.5515E0B88.0"}
        return {**given, **known_as, "antiphon": token_of(delivery), **fields}

    def delivered(self, delivery):
        return self.event("delivered", delivery, response="250 OK")

    def complained(self, delivery):
        return self.event("spamreport", delivery)

    def strange(self, delivery):
        return self.event("levitated", delivery)


class Mailgun(Provider):
    adapter = "mailgun"

    def settings(self, url):
        return {"domain": "mg.shop.example", "api_key": SECRET, "webhook_key": SECRET + "2", "base_url": url}

    def good(self, *_):
        return http(200, {"id": "<20261121.1@mg.shop.example>", "message": "Queued. Thank you."})

    def dead(self, *_):
        return http(400, {"message": "to parameter is not a valid address. please check documentation"})

    def says(self, _headers, body):
        asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        sender = message_from_bytes(f"From: {asked['from']}\n\n".encode(), policy=policy.default)["From"].addresses[0]
        return {
            "to": asked["to"],
            "from": sender.addr_spec,
            "name": asked["from"].partition('" <')[0][1:].replace('\\"', '"'),
            "subject": asked["subject"],
            "reply_to": asked["h:Reply-To"],
            "text": asked["text"],
            "html": asked["html"],
            "headers": {name[2:]: value for name, value in asked.items() if name.startswith("h:")},
            "token": asked["v:antiphon"],
        }

    def signature(self, token="a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0", *, at=None, key=SECRET + "2"):
        stamp = str(int(time.time() if at is None else at))
        mac = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
        return {"timestamp": stamp, "token": token, "signature": mac}

    def call(self, event, **options):
        token = hashlib.sha256(json.dumps(event).encode()).hexdigest()
        said = {"signature": self.signature(token, **options), "event-data": event}
        return posted(json.dumps(said).encode(), content_type="application/json")

    def forged(self, event):
        return self.call(event, key="another")

    def event(self, kind, delivery, **fields):
        headers = {"to": "ada@example.org", "message-id": "20261121.1@mg.shop.example"}
        given = {
            "event": kind,
            "id": "G9Bn5sl1TC6nu79C8C0bwg",
            "timestamp": time.time(),
            "message": {"headers": headers},
        }
        variables = {"antiphon": token_of(delivery)} if delivery else []
        return {**given, "recipient": "ada@example.org", "user-variables": variables, **fields}

    def delivered(self, delivery):
        return self.event("delivered", delivery)

    def complained(self, delivery):
        return self.event("complained", delivery)

    def strange(self, delivery):
        return self.event("levitated", delivery)


class Postmark(Provider):
    adapter = "postmark"

    def settings(self, url):
        called = {"callback_username": "antiphon", "callback_password": SECRET + "2"}
        return {"server_token": SECRET, "base_url": url, **called}

    def good(self, _line, _headers, body):
        each = {"ErrorCode": 0, "Message": "OK", "SubmittedAt": "2026-11-21T12:00:00.1Z"}
        asked = json.loads(body)
        return http(200, [each | {"To": one["To"], "MessageID": f"pm-{n}"} for n, one in enumerate(asked)])

    def dead(self, _line, _headers, body):
        each = {"ErrorCode": 406, "Message": "You tried to send to a recipient that has been marked as inactive."}
        return http(200, [each for _ in json.loads(body)])

    def credentials(self, *_):
        return http(401, {"ErrorCode": 10, "Message": "No Account or Server API tokens were supplied."})

    def says(self, _headers, body):
        [asked] = json.loads(body)
        return {
            "to": asked["To"],
            "from": asked["From"].rpartition("<")[2].rstrip(">"),
            "name": asked["From"].partition('" <')[0][1:].replace('\\"', '"'),
            "subject": asked["Subject"],
            "reply_to": asked["ReplyTo"],
            "text": asked["TextBody"],
            "html": asked["HtmlBody"],
            "headers": {each["Name"]: each["Value"] for each in asked["Headers"]},
            "token": asked["Metadata"]["antiphon"],
        }

    def call(self, event):
        return posted(json.dumps(event).encode(), authorization=basic("antiphon", SECRET + "2"))

    def forged(self, event):
        return posted(json.dumps(event).encode(), authorization=basic("antiphon", "guess"))

    def event(self, kind, delivery, **fields):
        given = {"RecordType": kind, "ServerID": 23, "MessageStream": "outbound", "MessageID": "pm-0"}
        return {**given, "Metadata": {"antiphon": token_of(delivery)} if delivery else {}, **fields}

    def delivered(self, delivery):
        return self.event("Delivery", delivery, Recipient="ada@example.org", DeliveredAt="2026-11-21T11:00:00Z")

    def complained(self, delivery):
        return self.event("SpamComplaint", delivery, Type="SpamComplaint", BouncedAt="2026-11-21T11:00:00Z")

    def strange(self, delivery):
        return self.event("Levitation", delivery)


class Infobip(Provider):
    adapter = "infobip-email"

    def settings(self, url):
        called = {"callback_username": "antiphon", "callback_password": SECRET + "2"}
        return {"api_key": SECRET, "base_url": url, **called}

    def good(self, _line, _headers, body):
        status = {"groupId": 1, "groupName": "PENDING", "id": 26, "name": "PENDING_ACCEPTED"}
        asked = json.loads(body)["messages"]
        each = [{"messageId": f"ib-{n}", "status": status} for n, _ in enumerate(asked)]
        return http(200, {"bulkId": "b-1", "messages": each})

    def dead(self, _line, _headers, body):
        status = {"groupId": 5, "groupName": "REJECTED", "id": 52, "name": "REJECTED_DESTINATION"}
        return http(200, {"messages": [{"status": status} for _ in json.loads(body)["messages"]]})

    def credentials(self, *_):
        said = {"errorCode": "E401", "description": "The request lacks valid authentication credentials."}
        return http(401, said)

    def says(self, _headers, body):
        [asked] = json.loads(body)["messages"]
        [destination] = asked["destinations"]
        return {
            "to": destination["to"][0]["destination"],
            "from": asked["sender"].rpartition("<")[2].rstrip(">"),
            "name": asked["sender"].partition('" <')[0][1:].replace('\\"', '"'),
            "subject": asked["content"]["subject"],
            "reply_to": destination["replyTo"],
            "text": asked["content"]["text"],
            "html": asked["content"]["html"],
            "headers": json.loads(asked["content"]["headers"]),
            "token": asked["webhooks"]["callbackData"],
        }

    def call(self, event):
        return posted(json.dumps(event).encode(), authorization=basic("antiphon", SECRET + "2"))

    def forged(self, event):
        return posted(json.dumps(event).encode(), authorization=basic("antiphon", "guess"))

    def report(self, delivery, group, number, error=0, **fields):
        status = {"groupId": group, "id": number, "name": "NAME", "description": "words"}
        told = {"status": status, "error": {"id": error, "name": "EC_NAME", "permanent": True}}
        named = {"bulkId": "b-1", "messageId": "ib-0", "doneAt": "2026-11-21T11:00:00.000+0000"}
        return {"results": [{**named, **told, "callbackData": token_of(delivery), **fields}]}

    def event(self, kind, delivery, **fields):
        given = {"notificationType": kind, "recipient": "ada@example.org", "messageId": "ib-0", "eventId": "e-1"}
        return {**given, "sendDateTime": 1763719200000, "callbackData": token_of(delivery), **fields}

    def delivered(self, delivery):
        return self.report(delivery, 3, 5)

    def complained(self, delivery):
        return self.event("COMPLAINED", delivery)

    def strange(self, delivery):
        return self.event("LEVITATED", delivery)


PROVIDERS = [Ses(), SendGrid(), Mailgun(), Postmark(), Infobip()]
