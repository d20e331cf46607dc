"""Makes the buckets that are not there yet."""

from __future__ import annotations

import os
from pathlib import Path

BUCKETS = ("cauce", "mlflow")


def main() -> None:
    """Make them, as the user who may."""
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=os.environ["STORAGE_URL"],
        region_name="us-east-1",
        aws_access_key_id="admin",
        aws_secret_access_key=Path("/run/secrets/storage_admin").read_text(encoding="ascii"),
    )
    there = {one["Name"] for one in client.list_buckets()["Buckets"]}
    for name in BUCKETS:
        if name not in there:
            client.create_bucket(Bucket=name)


if __name__ == "__main__":
    main()
