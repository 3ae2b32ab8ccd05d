from zc.zk._discovery.provider import Lease
from zc.zk._discovery.provider import refused
from zc.zk.tests.discovery.case import ChoiceCase
from zc.zk.tests.discovery.case import entry


class Providers(ChoiceCase):

    def test_address(self):
        """A provider has the host and port of its name, if it is one."""
        balancer = self.balancer('10.0.0.1:80', 'worker-1')
        provider = balancer.get('10.0.0.1:80').provider
        self.assertEqual(('10.0.0.1', 80), (provider.host, provider.port))
        self.assertEqual(('10.0.0.1', 80), provider.address)
        provider = balancer.get('worker-1').provider
        self.assertEqual(
            (None, None, None),
            (provider.host, provider.port, provider.address))

    def test_states(self):
        """It says what this client makes of it."""
        balancer = self.balancer('a', 'b', 'c', entry('d', weight=0))
        self.fail(balancer, 'b')
        balancer.update([], stale='c')
        self.assertEqual(
            ['ready', 'ejected', 'stale', 'draining'],
            [str(balancer.get(name).provider.state) for name in 'abcd'])
        self.assertEqual('ready', balancer.get('a').provider.state)

    def test_repr(self):
        """Its repr has its name and state, and nothing of its properties.
        """
        balancer = self.balancer(entry('a:1', password='secret'))
        self.assertEqual(
            '<zc.zk.Provider a:1 ready>',
            repr(balancer.get('a:1').provider))

    def test_reports(self):
        """ok and failed count as reports."""
        balancer = self.balancer(*'ab')
        provider = balancer.get('a').provider
        for _ in range(99):
            provider.ok()
        for _ in range(4):
            provider.failed(ConnectionRefusedError())
        provider.ok(0.1)
        provider.ok()
        for _ in range(4):
            provider.failed()
        self.assertEqual('ready', provider.state)
        provider.failed(ConnectionRefusedError())
        self.assertEqual('ejected', provider.state)


class Leases(ChoiceCase):

    def setUp(self):
        super().setUp()
        self.one = self.balancer(*'ab')

    def lease(self, exclude=('b',)):
        return Lease(self.one, None, exclude)

    def test_latency(self):
        """A lease reports how long its block took."""
        with self.lease() as provider:
            self.assertEqual('a', provider.name)
            self.now += 0.5
        self.assertGreater(self.one.get('a').latency, 0)

    def test_failure(self):
        """A lease whose block raises reports a failure."""
        for _ in range(5):
            with self.assertRaises(OSError), self.lease():
                raise ConnectionRefusedError
        self.assertEqual('ejected', self.one.get('a').provider.state)

    def test_interrupt(self):
        """What is no Exception says nothing of the provider."""
        for error in KeyboardInterrupt, GeneratorExit, SystemExit:
            for _ in range(5):
                with self.assertRaises(error), self.lease():
                    raise error
        self.assertEqual('ready', self.one.get('a').provider.state)
        self.assertEqual([], self.one.get('a').requests)


class Refused(ChoiceCase):

    def test_wrapped(self):
        """A refused connection is known as the cause of other errors."""
        try:
            try:
                raise ConnectionRefusedError
            except ConnectionRefusedError as e:
                raise OSError('no connection') from e
        except OSError as e:
            error = e
        self.assertTrue(refused(error))
        self.assertTrue(refused(ConnectionRefusedError()))
        self.assertFalse(refused(OSError()))
        self.assertFalse(refused(None))

    def test_circle(self):
        """Errors that cause each other end the search."""
        one, other = ValueError(), ValueError()
        one.__cause__, other.__cause__ = other, one
        self.assertFalse(refused(one))
