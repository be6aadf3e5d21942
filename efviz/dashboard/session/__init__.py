"""A visit to the dashboard: settings and links, caches, and the order of computations."""
