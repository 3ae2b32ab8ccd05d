"""Attributes of persistent objects that take values of one type.

What a dispatcher reads long after it was set must fail where it is set.
Runs in the thread that sets it.
"""
from __future__ import annotations

from typing import Any


__all__ = ['Checked']


class Checked:
    """An attribute that refuses values of other types.

    :param default: the value of an object that has none; where it is None,
        None may be set
    :param kinds: the types of its values; a boolean is no number
    :param words: what a value is, for the error
    """

    def __init__(self, default: Any, kinds: type | tuple[type, ...],
                 words: str) -> None:
        self.default = default
        self.kinds = kinds
        self.words = words

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self.default
        instance._p_activate()
        return instance.__dict__.get(self.name, self.default)

    def __set__(self, instance: Any, value: Any) -> None:
        if value is not None or self.default is not None:
            # NaN is in no order with others.
            if (not isinstance(value, self.kinds) or isinstance(value, bool)
                    or value != value):
                raise TypeError(f'{self.name} must be {self.words}, '
                                f'not {value!r}.')
        instance._p_activate()
        instance.__dict__[self.name] = value
        instance._p_changed = True
