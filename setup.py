"""zc.zk: service registration and discovery with Apache ZooKeeper."""
import pathlib

from setuptools import find_namespace_packages
from setuptools import setup


HERE = pathlib.Path(__file__).parent
FILES = 'https://github.com/zopefoundation/zc.zk/blob/HEAD/'

TEST_REQUIRES = [
    'aiohttp >= 3.13',
    'argcomplete',
    'httpx >= 0.28',
    'hypothesis',
    'Jinja2 >= 3.1',
    'manuel',
    'netifaces-plus',
    'opentelemetry-api >= 1.20',
    'opentelemetry-sdk >= 1.20',
    'pure-sasl',
    'pytest >= 8.0',
    'pytest-xdist',
    'requests >= 2.32',
    'rich >= 13',
    'starlette >= 0.40',
    'uvicorn >= 0.30',
    'zope.component',
    'zope.configuration',
    'zope.testing',
    'zope.testrunner',
]


def read(name):
    return (HERE / name).read_text(encoding='utf-8')


setup(
    name='zc.zk',
    version='3.0.dev0',
    description='Service registration and discovery with ZooKeeper',
    long_description=read('README.rst') + '\n\n' + read('CHANGES.rst'),
    long_description_content_type='text/x-rst',
    author='Zope Foundation and Contributors',
    author_email='zope-dev@zope.dev',
    url='https://github.com/zopefoundation/zc.zk',
    project_urls={
        'Documentation': f'{FILES}docs/index.rst',
        'Changes': f'{FILES}CHANGES.rst',
    },
    license='ZPL-2.1',
    keywords='zookeeper kazoo service registration discovery configuration',
    classifiers=[
        'Development Status :: 4 - Beta',
        'Intended Audience :: Developers',
        'Intended Audience :: System Administrators',
        'Operating System :: MacOS',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3 :: Only',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: System :: Distributed Computing',
        'Typing :: Typed',
    ],
    # Without `include`, an editable install is a plain path entry that
    # type checkers and editors can read.
    packages=find_namespace_packages('src'),
    package_dir={'': 'src'},
    package_data={'zc.zk': ['py.typed', '*.zcml'],
                  'zc.zk._web': ['static/*'],
                  'zc.zk._rendering': ['shipped/*.j2'],
                  'zc.zk.tests': ['*.txt', '*.rst', '*.test'],
                  'zc.zk.tests.curator': ['*.java']},
    zip_safe=False,
    python_requires='>=3.10',
    install_requires=[
        'kazoo >= 2.10',
        'zc.thread',
        'zope.event',
    ],
    extras_require={
        'aiohttp': ['aiohttp >= 3.13'],
        'cli': ['argcomplete', 'rich >= 13'],
        # What autodoc imports is there too.
        'docs': ['furo', 'jinja2', 'sphinx >= 8.1', 'starlette >= 0.40'],
        'httpx': ['httpx >= 0.28'],
        'metrics': ['opentelemetry-api >= 1.20'],
        'monitor': ['zope.component', 'zope.configuration'],
        'netifaces': ['netifaces-plus'],
        'requests': ['requests >= 2.32'],
        'pytest': ['pytest >= 8.0'],
        'render': ['Jinja2 >= 3.1'],
        'sasl': ['pure-sasl'],
        'test': TEST_REQUIRES,
        'web': ['starlette >= 0.40', 'uvicorn >= 0.30'],
    },
    entry_points={
        'pytest11': [
            'zc.zk_pytest = zc.zk_pytest',
        ],
        'console_scripts': [
            'zczk = zc.zk._zczk:main',
            'zookeeper_delete = zc.zk.scripts:delete',
            'zookeeper_diff = zc.zk.scripts:diff',
            'zookeeper_drain = zc.zk.scripts:drain',
            'zookeeper_export = zc.zk.scripts:export',
            'zookeeper_graph = zc.zk.scripts:graph',
            'zookeeper_import = zc.zk.scripts:import_',
            'zookeeper_set_property = zc.zk.scripts:set_property',
            'zookeeper_validate = zc.zk.scripts:validate',
            'monitor_check = zc.zk.monitor:check',
            'monitor_get_addr = zc.zk.monitor:get_addr',
        ],
    },
)
