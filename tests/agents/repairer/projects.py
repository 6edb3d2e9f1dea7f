"""Small broken projects, written for these tests."""

from tests.agents.repairer.broken_functions import FUNCTIONS
from tests.agents.repairer.broken_programs import PROGRAMS

PROJECTS = FUNCTIONS | PROGRAMS
