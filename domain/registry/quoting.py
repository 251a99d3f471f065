"""How a piece of foreign text is shown within a sentence."""


def quoted(text: str, most: int = 60) -> str:
    """Quote `text` for a message: at most `most` characters of it, on one line, with nothing invisible in it."""
    short = text if len(text) <= most else f"{text[:most]}…"
    return "“" + "".join(char if char.isprintable() else f"U+{ord(char):04X}" for char in short) + "”"
