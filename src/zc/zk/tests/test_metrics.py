import gc
import importlib
import sys
from unittest import mock

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

import zc.zk
import zc.zk.aio
import zc.zk.metrics
from zc.zk.tests.aio.case import Case as AioCase
from zc.zk.tests.base import ZooKeeperCase


TREE = """
/a
  /providers
/b
  /providers
"""


class Metrics(ZooKeeperCase):

    tree = TREE

    def setUp(self):
        super().setUp()
        self.reader = InMemoryMetricReader()
        provider = MeterProvider([self.reader], shutdown_on_exit=False)
        self.addCleanup(provider.shutdown)
        self.meter = provider.get_meter('test')
        self.client = self.zk()
        zc.zk.metrics.instrument(self.client, self.meter)
        self.servers = '{}:{}'.format(*self.client.client.hosts[0])
        self.servers += self.client.client.chroot

    def figures(self, name, *attributes):
        """Return an instrument's figures by the values of attributes."""
        return {
            (tuple(point.attributes[each] for each in attributes)
             if attributes else point.attributes['servers']): point.value
            for point in points(self.reader, f'zc.zk.{name}')}

    def test_providers(self):
        """Providers are counted by service and state."""
        self.client.register('/a/providers', 'a:1')
        self.client.register('/a/providers', 'b:1')
        self.client.register('/a/providers', 'c:1', weight=0)
        providers = self.client.providers('/a/providers')
        other = self.client.providers('/b/providers')
        for _ in range(5):
            providers['a:1'].failed(ConnectionRefusedError())
        self.assertEqual({
            ('/a/providers', 'ready'): 1, ('/a/providers', 'draining'): 1,
            ('/a/providers', 'ejected'): 1, ('/a/providers', 'stale'): 0,
            **{('/b/providers', state): 0 for state in (
                'ready', 'draining', 'ejected', 'stale')},
        }, self.figures('providers', 'path', 'state'))
        self.assertEqual(
            {('/a/providers',): 1, ('/b/providers',): 0},
            self.figures('ejections', 'path'))
        other.close()
        self.assertEqual({'/a/providers'}, {path for path, _ in self.figures(
            'providers', 'path', 'state')})

    def test_choices(self):
        """Choices are counted; the count never falls."""
        self.client.register('/a/providers', 'a:1')
        providers = self.client.providers('/a/providers')
        providers.choose()
        with providers.lease():
            pass
        self.assertEqual({('/a/providers',): 2},
                         self.figures('choices', 'path'))
        providers.close()
        del providers
        gc.collect()
        self.assertEqual({('/a/providers',): 2},
                         self.figures('choices', 'path'))
        self.client.providers('/a/providers').choose()
        again = self.client.providers('/a/providers')
        again.choose()
        self.assertEqual({('/a/providers',): 3},
                         self.figures('choices', 'path'))

    def test_registrations(self):
        """Registrations are counted by state."""
        self.client.register('/a/providers', 'a:1')
        self.assertEqual(
            {('registered',): 1, ('pending',): 0, ('waiting',): 0,
             ('failed',): 0},
            self.figures('registrations', 'state'))

    def test_connection(self):
        """The connection's figures are there, with the servers' names."""
        self.client.client.lose_session()
        self.assertEqual({self.servers: 1}, self.figures('reconnections'))
        self.assertEqual({self.servers: 0}, self.figures('requests'))
        children = self.client.children('/a')
        self.assertEqual({self.servers: 1}, self.figures('watches'))
        children.close()

    def test_several(self):
        """Several objects of one ZooKeeper are added up; those that are
        gone are left out."""
        other = zc.zk.ZooKeeper(self.connection_string)
        zc.zk.metrics.instrument(other, self.meter)
        first, second = self.client.children('/a'), other.children('/a')
        self.assertEqual({self.servers: 2}, self.figures('watches'))
        first.close()
        second.close()
        other.close()
        del other, second
        gc.collect()
        self.assertEqual({self.servers: 0}, self.figures('watches'))

    def test_default_meter(self):
        """Without a meter, there are instruments of the global one, once."""
        zc.zk.metrics.instrument(self.client)
        zc.zk.metrics.instrument(self.client)
        self.assertIs(zc.zk.metrics._meters.get(None),
                      zc.zk.metrics._meters.get(None))

    def test_missing(self):
        """Without OpenTelemetry, one line says what to install."""
        module = sys.modules.pop('zc.zk.metrics')
        self.addCleanup(sys.modules.__setitem__, 'zc.zk.metrics', module)
        with mock.patch.dict(sys.modules, {'opentelemetry': None}):
            with self.assertRaisesRegex(
                    ImportError, r'^zc[.]zk[.]metrics needs opentelemetry-api'
                                 r': install zc[.]zk\[metrics\]$'):
                importlib.import_module('zc.zk.metrics')


class AioMetrics(AioCase):

    async def test_aio(self):
        """A client of zc.zk.aio can be observed in any thread."""
        reader = InMemoryMetricReader()
        provider = MeterProvider([reader], shutdown_on_exit=False)
        self.addCleanup(provider.shutdown)
        zk = await self.zk()
        zc.zk.metrics.instrument(zk, provider.get_meter('test'))
        await zk.register('/service/providers', 'a:1')
        found = []
        await self.aside(lambda: found.extend(
            points(reader, 'zc.zk.registrations')))
        self.assertIn(1, [point.value for point in found])


def points(reader, name):
    """Return the data points of an instrument."""
    data = reader.get_metrics_data()
    return [point for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics if metric.name == name
            for point in metric.data.data_points]
