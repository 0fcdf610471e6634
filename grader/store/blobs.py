"""Where bytes lie that are not in a table: an S3 store, chosen by a setting."""

from __future__ import annotations

from typing import Any, Protocol


class S3Settings(Protocol):
    """As in `campus.settings.S3`."""

    bucket: str
    endpoint: str | None
    prefix: str


class S3Blobs:
    """Blobs as objects named by their digest. Credentials come from the environment."""

    def __init__(self, settings: S3Settings, client: Any = None) -> None:
        if client is None:
            import boto3

            client = boto3.client("s3", endpoint_url=settings.endpoint)
        self._client = client
        self._bucket, self._prefix = settings.bucket, settings.prefix

    def put(self, digest: str, data: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=self._prefix + digest, Body=data)

    def get(self, digest: str) -> bytes:
        return bytes(self._client.get_object(Bucket=self._bucket, Key=self._prefix + digest)["Body"].read())
