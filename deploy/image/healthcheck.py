"""Asks the service of this container how it is: `python healthcheck.py [/healthz]`.

Exit code 0 if all is well. What the service said is printed, for `docker inspect`.
"""

from __future__ import annotations

import os
import sys
from http.client import HTTPConnection, HTTPException

_SECONDS = 4.0
_OK = 200


def main(path: str = "/healthz") -> int:
    service = HTTPConnection("127.0.0.1", int(os.environ["PORT"]), timeout=_SECONDS)
    try:
        service.request("GET", path)
        answer = service.getresponse()
        said = answer.read().decode()
    except (HTTPException, OSError) as failure:
        sys.stderr.write(f"{failure!r}\n")
        return 1
    sys.stdout.write(f"{said}\n")
    return 0 if answer.status == _OK else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
