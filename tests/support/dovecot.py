"""A real IMAP server for tests: Debian's Dovecot, run by hand on loopback by an ordinary user.

Every name is a user with the same password, and finds an empty mailbox of its own.
"""

from __future__ import annotations

import asyncio
import grp
import imaplib
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from subprocess import Popen

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.local.settings import HOST
from tests.support.ports import free_port

__all__ = ["PASSWORD", "Dovecot", "Postbox", "certificate"]

PASSWORD = "only-in-tests"
_NEEDED = "dovecot (the mailbox of sick calls is tested on it): apt-get install dovecot-imapd"

_CONFIG = """
base_dir = {run}
state_dir = {directory}/state
log_path = {directory}/log
protocols = imap
listen = {host}
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{directory}/mail/%u
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{directory}/certificate.pem
ssl_key = <{directory}/key.pem
ssl_dh =
auth_mechanisms = plain
auth_failure_delay = 0
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={directory}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
}}
"""


@dataclass(frozen=True)
class Dovecot:
    host: str
    port: int
    tls_port: int
    directory: Path

    @classmethod
    @contextmanager
    def running(cls, certificate_and_key: tuple[bytes, bytes]) -> Iterator[Dovecot]:
        """Raises `RuntimeError` that says what to install."""
        if shutil.which("dovecot", path=_path()) is None:
            raise RuntimeError(_NEEDED)
        with tempfile.TemporaryDirectory(prefix="dovecot-", ignore_cleanup_errors=True) as name:
            server = cls(HOST, free_port(), free_port(), Path(name))
            process = server._start(certificate_and_key)
            try:
                server._wait(process)
                yield server
            finally:
                process.terminate()
                process.wait(10)

    def postbox(self, user: str) -> Postbox:
        return Postbox(self, user)

    def log(self) -> str:
        return (self.directory / "log").read_text()

    def _start(self, certificate_and_key: tuple[bytes, bytes]) -> Popen[bytes]:
        user, group = _nobody_special()
        for name in ("run", "state", "mail"):
            (self.directory / name).mkdir()
        for name, content in zip(("certificate", "key"), certificate_and_key, strict=True):
            (self.directory / f"{name}.pem").write_bytes(content)
        config = self.directory / "dovecot.conf"
        config.write_text(
            _CONFIG.format(
                run=self.directory / "run",
                directory=self.directory,
                host=self.host,
                port=self.port,
                tls_port=self.tls_port,
                user=user,
                group=group,
                password=PASSWORD,
            )
        )
        command = ["dovecot", "-F", "-c", str(config)]
        if os.geteuid() == 0:  # Dovecot would want users of its own
            for path in (self.directory, *self.directory.iterdir()):
                shutil.chown(path, user, group)
            command = [
                "setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", *command,
            ]  # fmt: skip
        return Popen(command, env={"PATH": _path()})

    def _wait(self, process: Popen[bytes]) -> None:
        async def answers() -> None:
            while process.poll() is None:
                try:
                    _, writer = await asyncio.open_connection(self.host, self.port)
                except ConnectionError:
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    return
            raise RuntimeError(f"Dovecot does not start: {self.log()}")

        asyncio.run(asyncio.wait_for(answers(), 20))


@dataclass(frozen=True)
class Postbox:
    """One user's mailbox, as its mail server and its owner see it; not by the code under test."""

    server: Dovecot
    user: str

    def put(self, mail: EmailMessage | bytes) -> None:
        """A mail has arrived."""
        content = mail if isinstance(mail, bytes) else mail.as_bytes()
        with self._signed_in() as client:
            said, answer = client.append("INBOX", "", "", content)
            assert said == "OK", answer

    def count(self, folder: str = "INBOX") -> int:
        with self._signed_in() as client:
            said, found = client.select(folder, readonly=True)
            return int(found[0] or 0) if said == "OK" else 0

    def put_back(self) -> None:
        """What lies in Done is in the inbox again, as if it had never been put away."""
        with self._signed_in() as client:
            client.select("Done")
            client.copy("1:*", "INBOX")
            client.store("1:*", "+FLAGS", r"(\Deleted)")
            client.expunge()

    def folders(self) -> Sequence[str]:
        with self._signed_in() as client:
            return [str(line) for line in client.list()[1]]

    @contextmanager
    def _signed_in(self) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4(self.server.host, self.server.port) as client:
            client.login(self.user, PASSWORD)
            yield client


def _nobody_special() -> tuple[str, str]:
    """Names of an ordinary user and group."""
    if os.geteuid() == 0:
        return "nobody", "nogroup"
    return pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name


def _path() -> str:
    """Debian puts servers where ordinary users do not look."""
    return f"{os.environ.get('PATH', '')}:/usr/sbin"


def certificate() -> tuple[bytes, bytes]:
    """One that nobody has signed, for `localhost`, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return made.public_bytes(serialization.Encoding.PEM), private
