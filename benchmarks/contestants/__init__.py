"""One epoch of the report's recipe, each library in its own idiom.

Every module has `prepare(images, labels)`, which builds a new network and returns a function
that trains it for one epoch: Adam at 0.001, batches of 64, a new order. What a library does
once, such as reading data into its own form or compiling, is done by `prepare`.
"""
