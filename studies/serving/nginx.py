"""nginx before several processes of the page: each visitor stays with one of them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from dfr.core.errors import UserError
from dfr.core.files import write_text

#: Tells nothing but which process has a visitor's pictures.
COOKIE = "voting_page"

# A visitor is known by a cookie, or where the browser takes none, by address and browser: several
# people behind one address are shared out too. `hash` goes on to another process where one is down;
# when that one is back, their pictures (known by their content) are still with the other: 404.
_CONFIGURATION = """\
daemon off;
worker_processes auto;
pid {folder}/nginx.pid;
error_log stderr crit;  # lesser ones name the address that was asked for
events {{ worker_connections 4096; }}
http {{
    access_log off;  # people's addresses and private links are kept nowhere
    server_tokens off;
    client_max_body_size 1m;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
    map $cookie_{cookie} $visitor {{
        default $cookie_{cookie};
        '' $remote_addr$http_user_agent;
    }}
    map $cookie_{cookie} $new_cookie {{
        default '';
        '' "{cookie}=$request_id; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax";
    }}
    upstream page {{
        hash $visitor consistent;
{processes}
    }}
    server {{
        listen {address}:{port};
        location / {{
            add_header Set-Cookie $new_cookie;
            proxy_pass http://page;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_connect_timeout 5s;
            proxy_next_upstream error timeout http_404;
            proxy_read_timeout 1h;  # a voter may look at a picture for a while
        }}
    }}
}}
"""


def configuration(folder: Path, address: str, port: int, ports: Sequence[int]) -> str:
    """Return what nginx is told.

    Args:
        folder: where it keeps what it needs for itself.
        address: it listens there.
        port: it listens there.
        ports: of the processes of the page, on this machine.
    """
    return _CONFIGURATION.format(
        folder=folder,
        address=address,
        port=port,
        cookie=COOKIE,
        processes="\n".join(
            f"        server 127.0.0.1:{each} max_fails=1 fail_timeout=2s;" for each in ports
        ),
    )


def start(folder: Path, address: str, port: int, ports: Sequence[int]) -> subprocess.Popen[bytes]:
    """Start nginx in the foreground of a process of its own.

    Raises:
        UserError: it is not installed, or does not take the configuration (an address that is no
            address of this machine, a port that may not be used).
    """
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise UserError(
            "nginx is not installed (on Debian: apt-get install nginx); one process needs none: "
            "--processes 1"
        )
    file = folder / "nginx.conf"
    write_text(file, configuration(folder, address, port, ports))
    command = [program, "-p", str(folder), "-c", str(file), "-e", "stderr"]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    if tried.returncode:
        said = re.search(r"\[emerg\] (?:\d+#\d+: )?(.*?)(?: in /\S+)?$", tried.stderr, re.MULTILINE)
        raise UserError(f"nginx: {said[1] if said else tried.stderr.strip()}")
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)
