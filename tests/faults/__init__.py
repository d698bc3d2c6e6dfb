"""Fault injection: processes and servers are killed, frozen and starved while they work; afterwards I1 to I7 must hold.

``python -m tests.faults`` runs every injection; a short selection is part of the test suite.
"""
