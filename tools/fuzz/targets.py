"""All targets by name."""

from __future__ import annotations

from tools.fuzz import archives, cutting, definitions, filters, formats, kernel, reports, runs, times, web
from tools.fuzz.target import Target

MODULES = (cutting, formats, kernel, definitions, filters, times, web, archives, reports, runs)
TARGETS: dict[str, Target] = {target.name: target for module in MODULES for target in module.TARGETS}
