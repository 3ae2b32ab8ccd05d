import unittest

from kazoo.loggingsupport import BLATHER
from kazoo.protocol.serialization import SASL

from zc.zk._session import connect
from zc.zk.testing import Server


class Logs(unittest.TestCase):

    def test_no_credentials(self):
        """Whatever kazoo logs, it shows no credentials."""
        with Server() as server, \
                self.assertLogs('kazoo.client', BLATHER) as logs:
            client = connect.make_client(
                server.connection_string, 10.0,
                auth_data=[('digest', 'me:s3cret')])
            connect.start(client, server.connection_string, False, 10.0)
            client.add_auth('digest', 'me:s3cret2')
            client.logger.debug('sent %s', SASL(b's3cret'))
            password = client.client_id[1]
            connect.stop(client)
        text = '\n'.join(logs.output)
        self.assertIn('session_passwd', text)
        self.assertNotIn(password.hex(), text)
        self.assertNotIn(repr(password), text)
        self.assertIn('Auth(', text)
        self.assertIn('SASL(', text)
        self.assertNotIn('s3cret', text)
