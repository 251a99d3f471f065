"""Text that people type: bounded, and free of what a database can't hold."""

from domain.kernel.refusals import InvalidInput


def clean(text: str, field: str, max_length: int, min_length: int = 0) -> str:
    """Give `text` without surrounding white space, or refuse it, naming the input `field` at fault.

    Lengths are in characters and hold for what is given back. NUL and lone surrogates are refused, because
    Postgres stores neither. Raises InvalidInput.
    """
    text = storable(text, field).strip()
    if len(text) > max_length:
        raise InvalidInput(f"{_name(field)} may have at most {max_length} characters; this has {len(text)}.", field)
    if len(text) < min_length:
        at_least = "must not be empty" if min_length == 1 else f"needs at least {min_length} characters"
        raise InvalidInput(f"{_name(field)} {at_least}.", field)
    return text


def storable(text: str, field: str) -> str:
    """Give `text` as it is if Postgres can store it. Raises InvalidInput."""
    if "\0" in text:
        raise InvalidInput(f"{_name(field)} holds a NUL character: take it out.", field)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInput(
            f"{_name(field)} holds half of a character (a lone surrogate): take it out.", field
        ) from None
    return text


def _name(field: str) -> str:
    return f"`{field.rpartition('.')[2]}`"
