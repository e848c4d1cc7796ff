"""An S3 store for tests: moto's, in this process, on a port of its own. It can go away and come back, with what it has.

Amazon's own client looks at it from the other side: what our code says it has put must be there for others.
"""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3  # type: ignore[import-untyped]
import requests
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from recording.storage import Address, Bucket, Patience

KEY_ID, SECRET = "AKIATESTSANDNOTHINGELSE", "a-secret-for-tests-that-nobody-may-print"
REGION = "eu-central-1"

QUICK = Patience(request=5.0, retries=0, together=1.0)
"""One try: a test does not wait for what it knows to be gone."""

_numbers = itertools.count(1)


class Store:
    def __init__(self) -> None:
        self.port = 0
        self._server: ThreadedMotoServer | None = None
        self._clients: dict[str, Any] = {}
        self.starts()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def starts(self) -> None:
        self._server = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self._server.start()
        _, self.port = self._server.get_host_and_port()

    def goes(self) -> None:
        """Connections are refused from now on."""
        if self._server is not None:
            self._server.stop()
            assert self._server._server is not None
            self._server._server.server_close()
            self._server = None

    def new_bucket(self) -> str:
        name = f"bucket-{next(_numbers)}"
        self.client().create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        return name

    def address(self, bucket: str, prefix: str = "", key_id: str = KEY_ID, secret: str = SECRET) -> Address:
        return Address(bucket, prefix, self.endpoint, REGION, SecretStr(key_id), SecretStr(secret))

    def bucket(self, name: str, prefix: str = "", **more: str) -> Bucket:
        return Bucket(self.address(name, prefix, **more), sending=QUICK, asking=QUICK)

    def client(self, service: str = "s3") -> Any:
        if service not in self._clients:  # each takes a tenth of a second to make
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.endpoint,
                region_name=REGION,
                aws_access_key_id=KEY_ID,
                aws_secret_access_key=SECRET,
            )
        return self._clients[service]

    def fill(self, bucket: str, keys: Iterable[str]) -> None:
        """With empty objects, past the network."""
        backend = s3_backends["123456789012"]["aws"]  # everybody's account, where none is given
        for key in keys:
            backend.put_object(bucket, key, b"")

    def keys(self, bucket: str) -> set[str]:
        """What anybody finds there."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return {each["Key"] for page in pages for each in page.get("Contents", [])}

    def objects(self, bucket: str) -> dict[str, bytes]:
        """With what is in it. Nobody may be at it meanwhile."""
        client = self.client()
        return {key: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in sorted(self.keys(bucket))}

    @contextmanager
    def with_users(self) -> Iterator[tuple[str, str]]:
        """Only one who has this key gets in."""
        iam = self.client("iam")
        user = f"user-{next(_numbers)}"
        iam.create_user(UserName=user)
        policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
        iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=policy)
        key = iam.create_access_key(UserName=user)["AccessKey"]
        self._authenticate_after("0")
        try:
            yield key["AccessKeyId"], key["SecretAccessKey"]
        finally:
            self._authenticate_after("inf")

    def _authenticate_after(self, requests_: str) -> None:
        requests.post(f"{self.endpoint}/moto-api/reset-auth", data=requests_, timeout=5).raise_for_status()


@contextmanager
def a_store() -> Iterator[Store]:
    store = Store()
    try:
        yield store
    finally:
        store.goes()


@contextmanager
def a_silent_port() -> Iterator[str]:
    """Takes connections, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
