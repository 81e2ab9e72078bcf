"""What the vendors' own programs say: run by the Python of `.venv/peers`, one JSON document in, one out.

python vendors.py sigv4 < {"url", "body", "headers", "key", "secret", "session", "region"}
python vendors.py sendgrid < {"public_key", "payload", "signature", "timestamp"}
python vendors.py topic < {"moto", "hook", "region", "domain"}
python vendors.py publish < {"moto", "region", "topic", "messages"}
"""

import json
import sys


def sigv4(asked):
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest("POST", asked["url"], headers=asked["headers"], data=asked["body"].encode())
    credentials = Credentials(asked["key"], asked["secret"], asked["session"] or None)
    SigV4Auth(credentials, "ses", asked["region"]).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


def sendgrid(asked):
    from sendgrid.helpers.eventwebhook import EventWebhook

    webhook = EventWebhook(asked["public_key"])
    return webhook.verify_signature(asked["payload"], asked["signature"], asked["timestamp"])


def client(service, asked):
    import boto3

    return boto3.client(
        service,
        region_name=asked["region"],
        endpoint_url=asked["moto"],
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key="hush5ecret",
    )


def topic(asked):
    """Its ARN; whatever is published there is signed and posted to the hook."""
    sns = client("sns", asked)
    made = sns.create_topic(Name="mail-events")["TopicArn"]
    sns.subscribe(TopicArn=made, Protocol="http", Endpoint=asked["hook"])
    client("ses", asked).verify_domain_identity(Domain=asked["domain"])
    return made


def publish(asked):
    sns = client("sns", asked)
    return [sns.publish(TopicArn=asked["topic"], Message=message)["MessageId"] for message in asked["messages"]]


if __name__ == "__main__":
    known = {"sigv4": sigv4, "sendgrid": sendgrid, "topic": topic, "publish": publish}
    print(json.dumps(known[sys.argv[1]](json.load(sys.stdin))))
