"""Does csrecover work on this machine? ``python -m csrecover.selfcheck`` runs it on a device and says.

The property suite on an example of each class, the same recoveries there and on NumPy in double precision, and times
side by side. Each part gives `Check`s; an error in one does not stop the others.
"""

from .command import main

__all__ = ["main"]
