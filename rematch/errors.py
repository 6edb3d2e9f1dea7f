"""Errors: one class per boundary, each message one line that says what, where, what to do.

RematchError                      anything a user can mend; the command line prints it bare
├── UsageError                    wrong flags, configuration or names (exit code 2)
├── InputError                    a file or folder that cannot be read as what it should be
├── ModelError                    a model call that failed for good
│   ├── UnreadableReplyError      the reply is not in the form that was asked for
│   ├── ModelRefusedError         bad key, no money, unknown model: stops the run
│   ├── ContextOverflowError      the prompt is longer than the model's window
│   └── BudgetSpentError          the call does not fit into what is left of the budget
├── AgentError                    an agent that could not run at all
├── SandboxError                  a sandbox that is missing or broke
├── GradingError                  a grader that could not run
└── ProgramFileError              a saved program that does not fit this code

HaltError                         ends tuning, through code that takes every Exception for a bad try
"""


class RematchError(Exception):
    """Anything a user can mend. The message is one line."""

    exit_code = 1


class UsageError(RematchError):
    """Wrong flags, configuration or names."""

    exit_code = 2


class InputError(RematchError):
    """A file or folder that cannot be read as what it should be."""


class ModelError(RematchError):
    """A model call that failed for good."""


class UnreadableReplyError(ModelError):
    """The reply is not in the form that was asked for."""


class ModelRefusedError(ModelError):
    """The provider will not serve this run: bad key, no money, unknown model."""


class ContextOverflowError(ModelError):
    """The prompt is longer than the model's window."""


class BudgetSpentError(ModelError):
    """The call does not fit into what is left of the budget: it was not made."""


class AgentError(RematchError):
    """An agent that could not run at all."""


class SandboxError(RematchError):
    """A sandbox that is missing or broke."""


class GradingError(RematchError):
    """A grader that could not run."""


class ProgramFileError(RematchError):
    """A saved program that does not fit this code."""


class HaltError(BaseException):
    """A model call was lost while an optimizer worked: nothing further may be scored.

    DSPy's optimizers catch every Exception and score what raised it as a bad answer. This is
    none, so it reaches whoever started the optimizer.
    """
