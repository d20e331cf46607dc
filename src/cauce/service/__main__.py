"""`python -m cauce.service SETTINGS LISTENING [ANNOUNCE]`: the supervisor; the last two are file
descriptors."""

from __future__ import annotations

import logging
import socket
import sys

from cauce.errors import CauceError
from cauce.language import use_language
from cauce.service.logs import start_logs
from cauce.service.settings import ServiceSettings
from cauce.service.supervisor import Supervisor

if __name__ == "__main__":
    start_logs()
    settings = ServiceSettings.from_text(sys.argv[1])
    use_language(settings.language)
    listening, *announce = map(int, sys.argv[2:])
    try:
        sock = socket.socket(fileno=listening)
        status = Supervisor(settings, sock, announce[0] if announce else None).run()
    except CauceError as error:
        logging.getLogger("cauce.service").critical("%s (%s)", error, error.hint)
        status = int(error.exit_code)
    sys.exit(status)
