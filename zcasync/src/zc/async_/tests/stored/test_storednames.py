import importlib
import pkgutil
import unittest

import persistent

import zc.async_
from zc.async_.job import Job
from zc.async_.queue import Queue


# What stands in databases under its name, by module.
NAMES = {
    'zc.async_.agent': 'Agent Completed',
    'zc.async_.job':
        'Backoff BackoffPolicy ConditionalCallbackProxy Failure Job '
        'NeverRetry RetryCommonForever RetryCommonFourTimes '
        'SuccessFailureCallbackProxy _queue_all _queue_next '
        '_schedule_parallel _schedule_serial _transparent parallel serial',
    'zc.async_.queue':
        'Dead DispatcherAgents Dispatchers Entry Fence Live Ping Queue '
        'Queues Quota Quotas Schedule Schedules Stream Waiting',
}
# Parts of the classes there; no object is made of them alone.
PARTS = {'Backlog', 'Base', 'Call', 'Dict', 'Place', 'Terms', '_Counting'}


def persistents():
    """Yield the persistent classes of all modules."""
    for found in pkgutil.walk_packages(zc.async_.__path__, 'zc.async_.'):
        if '.tests' in found.name or found.name.endswith('__main__'):
            continue
        for value in vars(importlib.import_module(found.name)).values():
            if (isinstance(value, type)
                    and issubclass(value, persistent.Persistent)
                    and value.__module__.startswith('zc.async_')):
                yield value


class StoredNames(unittest.TestCase):

    def test_names(self):
        """Each name leads to what says that this is its name."""
        for module, names in NAMES.items():
            for name in names.split():
                with self.subTest(f'{module}.{name}'):
                    found = getattr(importlib.import_module(module), name)
                    self.assertEqual(
                        (module, name),
                        (found.__module__, found.__qualname__))

    def test_complete(self):
        """No other persistent class is stored."""
        self.assertEqual(
            {f'{module}.{name}' for module, names in NAMES.items()
             for name in names.split() if persistent.Persistent in getattr(
                 getattr(importlib.import_module(module), name),
                 '__mro__', ())},
            {f'{each.__module__}.{each.__qualname__}'
             for each in persistents() if each.__name__ not in PARTS})

    def test_records(self):
        """A job and a queue are stored under the names of old records."""
        job = Job(len, 'abc')
        job.priority, job.timeout = 1, 2.0
        self.assertEqual(
            {'_args', '_callable_name', '_callable_root', '_kwargs',
             'priority', 'timeout'}, set(job.__getstate__()))
        self.assertEqual(
            {'_expiring', '_streams', '_unique', 'dead', 'dispatchers',
             'live', 'quotas', 'schedules', 'waiting'},
            set(Queue().__getstate__()))
