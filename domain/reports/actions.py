"""Reports of violations. This release takes none: it says so, and stores nothing."""

from typing import NoReturn

from domain.kernel.refusals import Conflict
from domain.kernel.scope import Scope


async def file_report(scope: Scope) -> NoReturn:
    """Refuse a report, after checking who asks. Raises SignInRequired, Suspended, Conflict."""
    scope.require_active()
    raise Conflict("This release takes no reports yet; nothing was stored.", state="NOT_YET")
