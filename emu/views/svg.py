"""Drawings as SVG: boxes, lines and words, written by hand."""

from __future__ import annotations

from xml.sax.saxutils import escape

CHARACTER = 7.25
"""Approximate width of a letter of the font below, in pixels."""

_STYLE = (
    "text{font:12px 'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#1a1a1a;white-space:pre}"
    ".title{font:bold 15px 'DejaVu Sans',Verdana,sans-serif}"
    ".small{font-size:11px;fill:#555}"
    ".light{fill:#fff}"
)


def text_width(text: str) -> float:
    """The width of a text, in pixels."""
    return len(text) * CHARACTER


class Drawing:
    """A list of shapes; the page is as large as what was drawn on it."""

    def __init__(self, title: str) -> None:
        self._shapes: list[str] = []
        self._width = self._height = 0.0
        self._title = title

    def box(
        self, x: float, y: float, width: float, height: float, fill: str, *, dashed: bool = False,
        round_: float = 4, stroke: str = "#333",
    ) -> None:  # fmt: skip
        """A filled rectangle; dashed ones stand for what is drawn elsewhere."""
        dash = ' stroke-dasharray="4 3" fill-opacity="0.35"' if dashed else ""
        self._shapes.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" '
            f'rx="{_n(round_)}" fill="{fill}" stroke="{stroke}" stroke-width="0.8"{dash}/>'
        )
        self._grow(x + width, y + height)

    def text(self, x: float, y: float, text: str, kind: str = "", *, end: bool = False) -> None:
        """A line of text from ``x`` on, or up to it; ``y`` is its baseline."""
        anchor = ' text-anchor="end"' if end else ""
        name = f' class="{kind}"' if kind else ""
        self._shapes.append(f'<text x="{_n(x)}" y="{_n(y)}"{anchor}{name}>{escape(text)}</text>')
        self._grow(x if end else x + text_width(text), y + 4)

    def path(self, points: list[tuple[float, float]], *, bold: bool = False) -> None:
        """A line through points."""
        way = " L".join(f"{_n(x)} {_n(y)}" for x, y in points)
        width = "1.6" if bold else "0.9"
        self._shapes.append(f'<path d="M{way}" fill="none" stroke="#555" stroke-width="{width}"/>')

    def area(self, points: list[tuple[float, float]], fill: str) -> None:
        """A filled polygon that lets what is beneath show through."""
        corners = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self._shapes.append(f'<polygon points="{corners}" fill="{fill}" fill-opacity="0.3"/>')

    def document(self) -> str:
        """The whole file."""
        width, height = _n(self._width + 16), _n(self._height + 16)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}">\n'
            f"<title>{escape(self._title)}</title>\n<style>{_STYLE}</style>\n"
            f'<rect width="100%" height="100%" fill="#ffffff"/>\n'
            + "\n".join(self._shapes)
            + "\n</svg>\n"
        )

    def _grow(self, x: float, y: float) -> None:
        self._width, self._height = max(self._width, x), max(self._height, y)


def _n(value: float) -> str:
    """A number, in pixels, rounded to a tenth."""
    return f"{value:.1f}".rstrip("0").rstrip(".")
