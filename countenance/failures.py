"""What keeps the product from starting, said to the person at the terminal."""


class CannotStart(Exception):
    """Something could not be started; the message is one or two sentences: what is wrong and what to do."""
