"""The server around the pages: what it serves besides them, how it starts, what it tells its host.

Nothing here imports the numerics, which take seconds: the server answers before they are there.
"""
