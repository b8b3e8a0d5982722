"""SQL: the tables, and one module per noun with its writes and reads. SQL is nowhere else.

Functions take a ``Session``; whoever calls them opens the transaction and says when it ends.
"""
