"""The three roots, joined from the contexts' resolvers."""

import importlib
from pkgutil import iter_modules
from typing import Any

import strawberry

import resolvers

_PARTS = [
    importlib.import_module(f"resolvers.{module.name}")
    for module in iter_modules(resolvers.__path__)
    if module.name != "root"
]


def _bases(suffix: str) -> tuple[type[Any], ...]:
    return tuple(
        value
        for part in _PARTS
        for name, value in vars(part).items()
        if name.endswith(suffix) and getattr(value, "__module__", "") == part.__name__
    )


Query = strawberry.type(type("Query", _bases("Query"), {}))
Mutation = strawberry.type(type("Mutation", _bases("Mutation"), {})) if _bases("Mutation") else None
Subscription = strawberry.type(type("Subscription", _bases("Subscription"), {})) if _bases("Subscription") else None
