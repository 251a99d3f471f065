"""The vocabulary: GraphQL types, one file per context, and how each is filled from what a query selects."""
