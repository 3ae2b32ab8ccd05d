import collections
import unittest

from zc.zk._http.attempts import Attempts
from zc.zk._http.attempts import Fault
from zc.zk._http.limits import Limits
from zc.zk.errors import NoProviders


Provider = collections.namedtuple('Provider', 'name address')


class Lease:

    def __init__(self, service, exclude):
        self.service = service
        self.exclude = exclude

    def __enter__(self):
        self.provider = self.service.choose(self.exclude)
        return self.provider

    def __exit__(self, type_, value, traceback):
        self.service.reports.append((
            self.provider.name,
            'ok' if type_ is None else
            'failed' if issubclass(type_, Exception) else 'nothing'))


class Service:
    """Gives its providers in their order."""

    path = '/service'

    def __init__(self, *names):
        self.providers = [
            Provider(name, None if name == 'odd' else (name, 80))
            for name in names]
        self.reports = []

    def lease(self, exclude=()):
        return Lease(self, exclude)

    def choose(self, exclude):
        names = {each.name for each in exclude}
        for each in self.providers:
            if each.name not in names:
                return each
        raise NoProviders(self.path, 'all are excluded')


class Broken(Exception):
    """An error that carries its fault."""


class AttemptsTests(unittest.TestCase):

    def setUp(self):
        self.now = 0.0
        self.repeatable = True

    def send(self, service, faults, method='GET', **limits):
        """Send a request; return where it went, and its end."""
        attempts = Attempts(
            service, method, lambda error: error.args[0],
            lambda: self.repeatable, lambda: self.now, Limits(**limits))
        faults = iter(faults)
        names = ''
        try:
            while True:
                with attempts.next() as attempt:
                    names += attempt.provider.name
                    self.assertEqual(
                        (attempt.provider.name, 80), attempt.address)
                    self.now += 1
                    fault = next(faults, None)
                    if fault is not None:
                        raise Broken(fault)
                    attempt.answered(200)
                    return names, 'answered'
        except Broken as e:
            return names, e.args[0].value

    def test_which(self):
        """Which requests are sent again after which fault."""
        u, c, late, o, n = (Fault.UNREACHED, Fault.CLOSED, Fault.LATE,
                            Fault.OTHER, Fault.OWN)
        for method, faults, repeatable, expected in (
                ('GET', [], True, ('a', 'answered')),
                ('GET', [u, u], True, ('abc', 'answered')),
                ('GET', [c], True, ('ab', 'answered')),
                ('GET', [late], True, ('ab', 'answered')),
                ('GET', [late, late], True, ('ab', 'late')),
                ('GET', [late, u, c], True, ('abcd', 'answered')),
                ('GET', [o], True, ('a', 'other')),
                ('GET', [n], True, ('a', 'own')),
                ('get', [c], True, ('ab', 'answered')),
                ('PUT', [c], True, ('ab', 'answered')),
                ('DELETE', [c], True, ('ab', 'answered')),
                ('PUT', [c], False, ('a', 'closed')),
                ('PUT', [u], False, ('ab', 'answered')),
                ('POST', [u, u], True, ('abc', 'answered')),
                ('POST', [c], True, ('a', 'closed')),
                ('POST', [late], True, ('a', 'late')),
                ('PATCH', [c], True, ('a', 'closed')),
                ('CONNECT', [c], True, ('a', 'closed'))):
            with self.subTest(method=method, faults=faults):
                self.repeatable = repeatable
                self.assertEqual(
                    expected, self.send(Service(*'abcd'), faults, method))

    def test_attempts(self):
        """It is sent as often as the limit says."""
        faults = [Fault.UNREACHED] * 10
        service = Service(*'abcdefgh')
        self.assertEqual(('abcdef', 'unreached'), self.send(service, faults))
        self.assertEqual(
            ('ab', 'unreached'), self.send(service, faults, attempts=2))

    def test_deadline(self):
        """It is not sent again after the deadline."""
        faults = [Fault.UNREACHED] * 10
        self.assertEqual(
            ('abc', 'unreached'),
            self.send(Service(*'abcdefgh'), faults, deadline=3))

    def test_all_tried(self):
        """When all have been tried, those that closed the connection get
        it again; when there are none, the last error is raised.
        """
        u, c = Fault.UNREACHED, Fault.CLOSED
        for names, faults, expected in (
                ('a', [u], ('a', 'unreached')),
                ('a', [c], ('aa', 'answered')),
                ('a', [c, u], ('aa', 'unreached')),
                ('a', [c] * 5, ('aaaaaa', 'answered')),
                ('a', [c] * 6, ('aaaaaa', 'closed')),
                ('ab', [c, u], ('aba', 'answered')),
                ('ab', [u, c], ('abb', 'answered')),
                ('ab', [u, u], ('ab', 'unreached')),
                ('ab', [c, c, c, u], ('ababa', 'answered'))):
            with self.subTest(names=names, faults=faults):
                self.assertEqual(
                    expected, self.send(Service(*names), faults))

    def test_note(self):
        """An error says which provider was the last one, where it can."""
        for names, faults in (('ab', [Fault.UNREACHED, Fault.OTHER]),
                              ('ab', [Fault.UNREACHED] * 2)):
            attempts = Attempts(
                Service(*names), 'GET', lambda error: error.args[0],
                lambda: True, lambda: 0.0, Limits())
            faults = iter(faults)
            with self.assertRaises(Broken) as caught:
                while True:
                    with attempts.next():
                        raise Broken(next(faults))
            # Python 3.10 has no notes.
            self.assertEqual(
                ['attempt 2, at b, a provider of /service']
                if hasattr(Exception, 'add_note') else [],
                getattr(caught.exception, '__notes__', []))

    def test_none(self):
        """Without any provider, NoProviders is raised."""
        with self.assertRaises(NoProviders):
            self.send(Service(), [])

    def test_no_address(self):
        """Providers without an address are passed over, and reported
        neither as good nor as bad.
        """
        service = Service('odd', 'a')
        self.assertEqual(('a', 'answered'), self.send(service, []))
        self.assertEqual([('odd', 'nothing'), ('a', 'ok')], service.reports)
        with self.assertRaises(NoProviders) as caught:
            self.send(Service('odd'), [])
        self.assertEqual(
            'no provider at /service: the name odd is no address',
            str(caught.exception))

    def test_reports(self):
        """Each attempt is reported, unless its fault is our own."""
        service = Service(*'abc')
        self.send(service, [Fault.UNREACHED, Fault.CLOSED])
        self.send(service, [Fault.OWN])
        self.send(service, [Fault.OTHER])
        self.assertEqual(
            [('a', 'failed'), ('b', 'failed'), ('c', 'ok'),
             ('a', 'nothing'), ('a', 'failed')], service.reports)

    def test_statuses(self):
        """Statuses that say that a server does not work are failures."""
        reports = []
        for status in 200, 302, 404, 429, 500, 501, 502, 503, 504, 505:
            service = Service('a')
            attempts = Attempts(
                service, 'GET', lambda error: Fault.OWN, lambda: True,
                lambda: 0.0, Limits())
            with attempts.next() as attempt:
                attempt.answered(status)
            reports.append((status, service.reports[0][1]))
        self.assertEqual(
            [500, 502, 503, 504],
            [status for status, report in reports if report == 'failed'])

    def test_interrupted(self):
        """What is no Exception ends all, and says nothing of a server."""
        service = Service(*'ab')
        attempts = Attempts(
            service, 'GET', lambda error: Fault.UNREACHED, lambda: True,
            lambda: 0.0, Limits())
        with self.assertRaises(KeyboardInterrupt), attempts.next():
            raise KeyboardInterrupt
        self.assertEqual([('a', 'nothing')], service.reports)
