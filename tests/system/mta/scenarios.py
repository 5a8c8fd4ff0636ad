"""All scenarios: importing this module fills REGISTRY."""

from . import scenarios_common  # noqa: F401  (registers)
from .scenario import REGISTRY  # noqa: F401
