"""kazoo's connection loop, which remembers why it ended.

It runs in kazoo's connection thread.  It must not know what the connection
is for, nor whether someone starts it again.
"""
from __future__ import annotations

from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import AuthFailedError
from kazoo.exceptions import ConnectionClosedError
from kazoo.protocol.connection import ConnectionHandler
from kazoo.protocol.serialization import Connect
from kazoo.protocol.states import KeeperState
from kazoo.retry import RetryFailedError

from . import insides


#: The reason when a server does not take the credentials.
REFUSED = 'authentication failed'


class ConnectionLoop(ConnectionHandler):
    """A client's connection loop, which remembers why it ended.

    kazoo ends it for good when a server refuses the credentials, when an
    error comes up in it that kazoo did not expect, and when the tries that
    ``connection_retry`` allows are used up.

    It takes the place of the one that the client has made.

    :param client: one that is not started yet
    :ivar end: why, None while it runs and when the client was stopped
    :ivar granted: the session timeout that the server gave, in seconds;
        the one that is asked for until there is a session
    """

    def __init__(self, client: KazooClient) -> None:
        old = insides.connection_of(client)
        super().__init__(
            client, old.retry_sleeper, old.logger, old.sasl_options)
        self.end: Exception | None = None
        self.granted = insides.session_timeout_of(client)
        self._refused = False
        insides.replace_connection(client, self)
        insides.hear_session(client, self._session_changed)

    @property
    def refused(self) -> bool:
        """Whether a server refused the credentials."""
        return self._refused

    @property
    def was_stopped(self) -> bool:
        """Whether someone stopped the client on purpose."""
        return insides.was_stopped(self.client)

    def zk_loop(self) -> None:
        self.end = None
        self._refused = False
        end: Exception = RetryFailedError('kazoo stopped trying')
        try:
            super().zk_loop()
        except Exception as e:
            # kazoo has logged it.
            end = ConnectionClosedError(f'{type(e).__name__}: {e}')
        if self._refused:
            end = AuthFailedError(REFUSED)
        if not self.was_stopped:
            self.end = end

    def _invoke(
        self, timeout: float, request: Any, *args: Any, **keywords: Any
    ) -> Any:
        result = super()._invoke(timeout, request, *args, **keywords)
        if isinstance(request, Connect) and result[0].time_out > 0:
            self.granted = result[0].time_out / 1000
        return result

    def _session_changed(self, state: Any) -> None:
        self._refused = self._refused or state == KeeperState.AUTH_FAILED
