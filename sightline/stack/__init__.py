"""The embedded stack: Redis, PostgreSQL, Triton, the workers and the API as child processes.

``sightline.stack.embedded.EmbeddedStack`` runs it from Python, ``sightline up`` from a shell.
"""
