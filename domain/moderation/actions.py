"""Cases and appeals. This release has none: each deed checks who asks, says so, and changes nothing."""

from typing import NoReturn

from domain.kernel.refusals import Conflict
from domain.kernel.scope import Scope


async def work_on_case(scope: Scope) -> NoReturn:
    """Refuse to claim, release or decide a case. Raises SignInRequired, NotAllowed, Conflict."""
    scope.require_moderator()
    raise Conflict("This release opens no moderation cases yet; nothing was changed.", state="NOT_YET")


async def file_appeal(scope: Scope) -> NoReturn:
    """Refuse an appeal; a suspended account may ask too. Raises SignInRequired, Conflict."""
    scope.require_actor()
    raise Conflict("This release takes no appeals yet; nothing was stored.", state="NOT_YET")


async def decide_appeal(scope: Scope) -> NoReturn:
    """Refuse to decide an appeal. Raises SignInRequired, NotAllowed, Conflict."""
    scope.require_moderator()
    raise Conflict("This release takes no appeals yet, so there is none to decide.", state="NOT_YET")
