"""Becomes an MLflow server: what is secret goes from files into the environment, never to a command line."""

from __future__ import annotations

import os
from pathlib import Path

# In a file: MLflow's migrations of accounts fail on MariaDB, which wants every name of a key only once.
ACCOUNTS = """\
[mlflow]
default_permission = EDIT
database_uri = sqlite:////accounts/accounts.db
admin_username = cauce
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
"""


def secret(name: str) -> str:
    """What the file of this name holds."""
    return Path("/run/secrets", name).read_text(encoding="ascii")


def main() -> None:
    """Set all up, and become the server."""
    server = f"mysql+pymysql://mlflow:{secret('database_mlflow')}@{os.environ['DATABASE_HOST']}:3306"
    accounts = Path("/tmp/accounts.ini")  # noqa: S108 - of the container alone
    accounts.touch(mode=0o600)
    accounts.write_text(ACCOUNTS, encoding="ascii")
    told = {
        "AWS_ACCESS_KEY_ID": "mlflow",
        "AWS_SECRET_ACCESS_KEY": secret("storage_mlflow"),
        "AWS_REGION": "us-east-1",
        "MLFLOW_ARTIFACTS_DESTINATION": "s3://mlflow/artifacts",
        "MLFLOW_AUTH_ADMIN_PASSWORD": secret("mlflow_admin"),
        "MLFLOW_AUTH_CONFIG_PATH": str(accounts),
        "MLFLOW_BACKEND_STORE_URI": f"{server}/mlflow",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secret("mlflow_signing"),
        "MLFLOW_S3_ENDPOINT_URL": os.environ["STORAGE_URL"],
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    command = ["mlflow", "server", "--host", "0.0.0.0", "--port", "5000"]  # noqa: S104 - of the stack alone
    command += ["--workers", "1", "--app-name", "basic-auth", "--allowed-hosts", os.environ["ALLOWED_HOSTS"]]
    os.execvpe(command[0], command, {**os.environ, **told})  # noqa: S606 - it becomes the server


if __name__ == "__main__":
    main()
