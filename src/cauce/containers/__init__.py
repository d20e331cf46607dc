"""Servers beside a project, in containers: what a folder for `docker compose` holds, and starting it."""
