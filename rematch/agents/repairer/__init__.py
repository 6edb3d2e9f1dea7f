"""The offline repairer: a mini-SWE-agent Model that repairs Python without a language model.

It reads the issue and the files, runs the visible tests, localizes suspicious lines by their
coverage, tries mutations of the published catalogues one command at a time, and submits or gives
up. Its results say nothing about language models.

    model      mini-SWE-agent's Model protocol around a generator
    plan       the stages: survey -> search -> submit or give up
    survey     files, test command, first test run          issue    what the issue text tells
    search     tries, verdicts, what earlier attempts found context  reads the refinement context
    localize   suspicion of lines (Ochiai)                  hints    operators that fit a failure
    candidates all changes with weights                     changes  edits, their keys
    operators/ the catalogue                                source   text and syntax tree
    bench      commands                                     reports  what test runs report
    inside/    scripts that run in the sandbox
"""

from rematch.agents.repairer.config import RepairerConfig
from rematch.agents.repairer.model import GAVE_UP, OfflineRepairer, make_repairer

__all__ = ["GAVE_UP", "OfflineRepairer", "RepairerConfig", "make_repairer"]
