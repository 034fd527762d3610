"""The embedded simulated worlds: catalogues that we wrote, and people who choose from them.

Importing this package loads nothing. ``films`` and ``dishes`` hold a catalogue each, ``simulate``
the people, ``world`` everything that is known of why they choose, and ``sample`` the film world as
the tables that the demo, the tests and the documentation use.
"""
