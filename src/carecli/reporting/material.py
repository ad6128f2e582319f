"""What every part of a report is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from carecli.config import Config
from carecli.reporting.figuring import Figures
from carecli.reports.parts import Frame
from carecli.store.connect import Store


@dataclass(frozen=True)
class Material:
    """What a part is made of: the figures of the period and of the one before, None without a beginning."""

    figures: Figures
    before: Figures | None
    brand: str | None = None

    @property
    def store(self) -> Store:
        return self.figures.store

    @property
    def config(self) -> Config:
        return self.figures.config

    @property
    def anonymous(self) -> bool:
        return self.figures.anonymous

    @property
    def start(self) -> str:
        return self.figures.start

    @property
    def end(self) -> str:
        return self.figures.end

    @property
    def at(self) -> datetime:
        """The instant at which the figures are judged."""
        return self.figures.instant

    @property
    def frame(self) -> Frame:
        return Frame(self.figures.period, self.at, self.figures.coverage, self.anonymous)
