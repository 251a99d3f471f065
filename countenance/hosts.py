"""Defaults that suit one host and do harm on several; a server that was left with them says so once at its start."""

from collections.abc import Mapping

import structlog

from countenance.settings import Settings

log = structlog.get_logger(__name__)

_HARM = {
    "public_url": "PUBLIC_URL: links in letters and download links lead to this machine alone.",
    "trusted_proxies": "COUNTENANCE_TRUSTED_PROXIES: behind a load balancer everybody shares its address, and with it "
    "the limits on sign-ups and claims and the mark against self-dealing.",
    "upload_folder": "COUNTENANCE_UPLOAD_FOLDER: an upload goes on only at the host where it began, and is lost with "
    "its temporary folder.",
}


def harmful_defaults(settings: Settings) -> Mapping[str, str]:
    """Name the settings that nobody has set, each with the harm on several hosts; none in an embedded instance."""
    if settings.home is not None:
        return {}
    return {name: harm for name, harm in _HARM.items() if name not in settings.model_fields_set}


def warn_of_defaults(settings: Settings) -> None:
    """Log the harmful defaults in one line, if there are any."""
    harms = harmful_defaults(settings)
    if harms:
        log.warning(
            "settings were left to defaults that suit a single host: set them, be it to the same",
            harms=[*harms.values()],
        )
