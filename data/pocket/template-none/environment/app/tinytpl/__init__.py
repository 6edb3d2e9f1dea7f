"""Templates for mails and small pages: {{ name|filter }} and nothing else."""

from tinytpl.render import TemplateError, render

__all__ = ["TemplateError", "render"]
