"""The generation and validation cluster: plain classes that run inside Ray actors, and the gateway that calls them.

Nothing is imported here, so an inspector never loads torch and the API side never loads an actor's code.
"""
