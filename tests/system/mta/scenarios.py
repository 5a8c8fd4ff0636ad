"""All scenarios: importing this module fills REGISTRY."""

from . import scenarios_common, scenarios_exim, scenarios_exim_sites, scenarios_postfix, scenarios_postfix_sites, scenarios_sample  # noqa: F401  (they register)
from .scenario import REGISTRY  # noqa: F401
