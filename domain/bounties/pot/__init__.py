"""The ends of a pot: awarded, split, given back, and the proof that its books agree."""
