"""The sentences: one file per context, three to six lines a resolver. `resolvers.root` joins them."""
