"""The server around the pages: its other routes, its start, and its reports to the host.

Nothing here imports the numerics, which take seconds: the server answers before they are loaded.
"""
