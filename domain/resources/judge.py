"""Asking the likeness registry about texts: beside the loop, and about each text once."""

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from domain.kernel.beside import beside_loop
from domain.kernel.refusals import RegistryUnread
from domain.kernel.scope import Scope
from domain.kernel.work import Work
from domain.registry.matching import Matcher
from domain.resources.settling import RegistryBehind, hold_registry

P = ParamSpec("P")
T = TypeVar("T")


class Judge:
    """Answers questions about texts by one registry, and remembers the answers for as long as that is the newest.

    A deed that judges texts in a work asks before it begins: the work then finds the answers, and is not kept waiting
    with its locks, unless a text or the registry has changed meanwhile. Made anew for each deed.
    """

    def __init__(self, scope: Scope) -> None:
        """Judge by the registry of this moment. Raises RegistryUnread when it may not be the newest."""
        self._registry = scope.ports.registry
        self._matcher = self._registry.matcher
        self._answers: dict[tuple[object, ...], Any] = {}

    @property
    def version(self) -> int:
        """The version of the registry that it judges by."""
        return self._matcher.snapshot.version

    @property
    def matcher(self) -> Matcher:
        """What it judges by, for what is asked in the work itself once it holds the registry there."""
        return self._matcher

    async def hold(self, w: Work) -> None:
        """Judge by the newest registry, and keep newer ones from what is stored until this work is over.

        Ask for it first in a work, before any row is locked. Raises RegistryUnread where a newer one is on its way.
        """
        newest = self._registry.matcher
        try:
            await hold_registry(w, newest)
        except RegistryBehind:
            raise RegistryUnread from None
        if newest.snapshot.version != self.version:
            self._answers.clear()
        self._matcher = newest

    async def ask(self, question: Callable[Concatenate[Matcher, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Put a question to the registry: a pure function of the matcher, whose other arguments can be hashed."""
        asked = (question, args, *sorted(kwargs.items()))
        if asked not in self._answers:
            self._answers[asked] = await beside_loop(question, self._matcher, *args, **kwargs)
        answer: T = self._answers[asked]
        return answer
