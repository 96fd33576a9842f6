"""A refused call: which rule it broke, and the values that broke it."""

from __future__ import annotations

from kernel_model.abi import ERROR_MEANING, Error


class Refused(Exception):  # noqa: N818 - it reports, it is no error of ours
    """Raised by a call's checks; ``kernel_model.trap`` alone turns it into a result.

    error: names the broken rule.  values: the offending values, by name.
    """

    def __init__(self, error: Error, template: str = "", /, **values: object) -> None:
        super().__init__(error)
        self.error = error
        self.template = template or ERROR_MEANING[error]
        self.values = values

    @property
    def text(self) -> str:
        """The reason with its values, e.g. ``table 3 has no page view in vspace 1``."""
        return self.template.format(**self.values)

    def __str__(self) -> str:
        return f"E_{self.error.name} ({self.text})"
