"""Keeps credentials out of what kazoo logs.

Runs in whatever thread logs.  It must not know connections.
"""
from __future__ import annotations

import logging
from typing import Any

from kazoo.protocol.serialization import SASL
from kazoo.protocol.serialization import Auth
from kazoo.protocol.serialization import Connect


def hide_credentials(record: logging.LogRecord) -> bool:
    """Take credentials out of what kazoo logs of its requests: a filter."""
    if isinstance(record.args, tuple):
        secret = 'passwd' in str(record.msg)
        record.args = tuple([_hidden(each, secret) for each in record.args])
    return True


def _hidden(value: Any, secret: bool) -> Any:
    if isinstance(value, Auth):
        return value._replace(auth='...')
    if isinstance(value, SASL):
        return value._replace(challenge='...')
    if isinstance(value, Connect):      # who has it can take the session over
        return value._replace(passwd='...')
    return '...' if secret and isinstance(value, bytes) else value
