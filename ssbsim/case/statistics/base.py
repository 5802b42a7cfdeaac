"""What every statistics of sites says about itself: its word in the case file, and how much a site holds."""

from __future__ import annotations

from typing import ClassVar


class StatisticsModel:
    """A statistics of sites in a case. It has no key; its word is the value of ``statistics`` of a site class."""

    #: The word in the case file.
    word: ClassVar[str]
    #: Particles that a site holds at most; infinite where sites never fill up.
    capacity: ClassVar[float]
