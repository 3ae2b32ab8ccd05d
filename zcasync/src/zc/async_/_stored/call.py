"""What a job calls, and with what.

Runs in the thread to which the job belongs.  It must not know how the
call is made.
"""
from __future__ import annotations

import types
from typing import Any

from ..interfaces import NEW
from ..interfaces import BadStatusError
from ..interfaces import IJob
from .base import describe
from .place import Place
from .views import Annotations
from .views import Arguments
from .views import Keywords


__all__ = ['Call']


class Call(Place):
    """The part of a job that keeps the callable and its arguments.

    :param args: the callable and its positional arguments; a method of a
        persistent object is kept as the object and the method's name
    :param kwargs: its keyword arguments
    """

    _callable_root: Any = None
    _callable_name: str | None = None
    _annotations: Any = None


    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not args:
            raise TypeError('A job needs something to call.')
        self._args = tuple(args[1:])
        self._kwargs = kwargs
        self.callable = args[0]

    @property
    def callable(self) -> Any:
        """What is called."""
        if self._callable_name is None:
            return self._callable_root
        return getattr(self._callable_root, self._callable_name)

    @callable.setter
    def callable(self, value: Any) -> None:
        if self._status != NEW:
            raise BadStatusError('The callable of a job cannot be changed '
                                 'after it started.')
        if isinstance(value, (types.MethodType, types.MethodWrapperType)) or (
                isinstance(value, types.BuiltinMethodType)
                and not isinstance(value.__self__, types.ModuleType)
                and value.__self__ is not None):
            self._callable_root = value.__self__
            self._callable_name = value.__name__
        else:
            self._callable_root, self._callable_name = value, None
        root = self._callable_root
        # A job whose method this calls finds its queue through this one;
        # one that has a parent is somewhere already.
        if IJob.providedBy(root) and root is not self and root.parent is None:
            root.parent = self

    def check_callable(self) -> None:
        """Raise TypeError when the callable cannot be stored."""
        root = self._callable_root
        # A lambda, or a function inside of another one.
        if isinstance(root, types.FunctionType) and '<' in root.__qualname__:
            raise TypeError(
                f'{describe(root)} cannot be stored: a job calls a function '
                'that can be imported by its name, or a method of a '
                'persistent object.')

    @property
    def args(self) -> Arguments:
        """The positional arguments; a mutable sequence."""
        return Arguments(self)

    @property
    def kwargs(self) -> Keywords:
        """The keyword arguments; a mutable mapping."""
        return Keywords(self)

    @property
    def annotations(self) -> Annotations:
        """A mapping for whatever code wants to keep on the job."""
        return Annotations(self)


    def __repr__(self) -> str:
        try:
            call = describe(self._callable_root)
            if self._callable_name is not None:
                call += f' :{self._callable_name}'
            args = [describe(each) for each in self._args if each is not self]
            if len(args) < len(self._args):
                args.insert(0, 'self')
            args += [f'{name}={describe(value)}'
                     for name, value in self._kwargs.items()]
            return f'<{describe(self)} ``{call}({", ".join(args)})``>'
        except Exception:
            # A text for a log must not hide what is logged.
            return f'<{type(self).__module__}.{type(self).__name__}>'
