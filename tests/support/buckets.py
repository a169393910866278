"""A server of buckets in a process of its own, which checks keys and rights as Amazon's does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

OWN_FOLDER = Path(__file__).parents[2] / "build" / "bucket"
_CALLS = 6  # Those that make the bucket and the keys, before keys are checked.
_SERVER = """
import boto3, json, sys
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
url = "http://{}:{}".format(*server.get_host_and_port())
aws = dict(endpoint_url=url, aws_access_key_id="a", aws_secret_access_key="b")
aws["region_name"] = "us-east-1"
iam = boto3.client("iam", **aws)
boto3.client("s3", **aws).create_bucket(Bucket="logs")
keys = {}
for name in ("owner", "stranger"):
    iam.create_user(UserName=name)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    keys[name] = [made["AccessKeyId"], made["SecretAccessKey"]]
may = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
iam.put_user_policy(UserName="owner", PolicyName="all", PolicyDocument=policy)
print(json.dumps({"url": url, "keys": keys}), flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Buckets:
    """A running server with the bucket ``logs``; each key is its name and its secret."""

    url: str
    keys: dict[str, tuple[str, str]]

    def environment(self, user: str = "owner") -> dict[str, str]:
        """Return the variables that every program of Amazon's kind reads."""
        name, secret = self.keys[user]
        return {
            "AWS_ACCESS_KEY_ID": name,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": "us-east-1",
        }


@contextmanager
def running_buckets() -> Iterator[Buckets]:
    """Run the server while the block runs."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(OWN_FOLDER),
        "INITIAL_NO_AUTH_ACTION_COUNT": str(_CALLS),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield Buckets(told["url"], {user: tuple(key) for user, key in told["keys"].items()})
    finally:
        process.kill()
        process.communicate()
