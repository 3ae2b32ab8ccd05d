"""Where and how to connect when nothing says otherwise.

Pure, and without kazoo: help texts need these, and no connection.
"""

#: Where the servers are when nothing says otherwise.
DEFAULT_CONNECTION_STRING = '127.0.0.1:2181'
#: The environment variable that says otherwise.
CONNECTION_STRING_VARIABLE = 'ZC_ZK_CONNECTION_STRING'
#: The session timeout, in seconds, when none is given.
SESSION_TIMEOUT = 10.0
#: How long to try to connect, in seconds, unless ``wait`` is given.
CONNECT_TIMEOUT = 15.0
