"""zc.zk for asyncio.

::

    async with zc.zk.aio.ZooKeeper(connection_string) as zk:
        registration = await zk.register('/service/providers', 'host:80')
        async for providers in zk.providers('/service/providers'):
            ...

What waits for ZooKeeper is awaited; what is known already, as
``providers.choose()``, is not.  The event loop is never blocked.
"""
from ._aio.children import Children
from ._aio.client import ZooKeeper
from ._aio.plan import Plan
from ._aio.properties import Properties
from ._aio.providers import Providers
from ._aio.registration import Registration


__all__ = [
    'Children',
    'Plan',
    'Properties',
    'Providers',
    'Registration',
    'ZooKeeper',
]
