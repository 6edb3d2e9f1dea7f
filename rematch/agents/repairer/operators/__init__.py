"""The catalogue of mutation and repair operators.

Sources: Offutt, Lee, Rothermel, Untch, Zapf, "An experimental determination of sufficient mutant
operators" (TOSEM 1996); mutmut and cosmic-ray, the Python mutation testers; Le Goues et al.,
"GenProg" (TSE 2012); Barr et al., "The plastic surgery hypothesis" (FSE 2014); Kim et al., "PAR"
(ICSE 2013); Liu et al., "TBar: revisiting template-based automated program repair" (ISSTA 2019).
"""

from rematch.agents.repairer.operators import (  # each enters its operators into the catalogue
    calls,
    collections,
    conditions,
    definitions,
    exceptions,
    guards,
    names,
    numbers,
    statements,
)
from rematch.agents.repairer.operators.base import CATALOGUE, Draft, Operator, Pool, Site

__all__ = [
    "CATALOGUE",
    "Draft",
    "Operator",
    "Pool",
    "Site",
    "calls",
    "collections",
    "conditions",
    "definitions",
    "exceptions",
    "guards",
    "names",
    "numbers",
    "statements",
]
