"""The embedded simulated worlds: catalogues that we wrote, and people who choose from them.

Importing this package loads nothing. ``films`` holds the catalogue, ``simulate`` the people,
``sample`` both as the tables that the demo, the tests and the documentation use.
"""
