"""Opens sessions: TCP, TLS, introduction, authentication."""

import asyncio
import ssl

from messaging.adapters.smtp.session import SmtpSession, ask, authenticate, introduce
from messaging.adapters.smtp.wire import Wire
from messaging.domain.provider import Provider
from messaging.ports.mailing import Session, Unavailable


class SmtpMailer:
    """`ports.mailing.Mailer` for one provider. `trust`: instead of the system's certificate authorities."""

    def __init__(self, provider: Provider, trust: ssl.SSLContext | None = None) -> None:
        self._provider = provider
        self._trust = trust

    async def open(self) -> Session:
        wire = Wire()
        try:
            async with asyncio.timeout(self._provider.patience.connect):
                await self._connect(wire)
                return await self._introduced(wire)
        except (OSError, TimeoutError, Unavailable) as problem:  # an ssl.SSLError is an OSError
            wire.abort("not introduced")
            where = f"{self._provider.host}:{self._provider.port}"
            raise Unavailable(f"{where}: {str(problem) or 'no answer in time'}") from None
        except BaseException:
            wire.abort("not introduced")
            raise

    async def _connect(self, wire: Wire) -> None:
        provider = self._provider
        tls = self._context() if provider.security == "tls" else None
        await asyncio.get_running_loop().create_connection(lambda: wire, provider.host, provider.port, ssl=tls)

    async def _introduced(self, wire: Wire) -> SmtpSession:
        provider = self._provider
        extensions = await introduce(wire, provider)
        if provider.security == "starttls":
            await ask(wire, "STARTTLS")
            if not wire.silent:
                raise Unavailable("the server said something between STARTTLS and TLS")
            assert wire.transport is not None
            secure = await asyncio.get_running_loop().start_tls(
                wire.transport, wire, self._context(), server_hostname=provider.host
            )
            assert secure is not None
            wire.transport = secure
            extensions = await introduce(wire, provider, greeted=True)
        if provider.user is not None:
            await authenticate(wire, provider, extensions.get("AUTH", ""))
        return SmtpSession(wire, provider, extensions)

    def _context(self) -> ssl.SSLContext:
        if self._trust is None:
            self._trust = ssl.create_default_context()
        return self._trust
