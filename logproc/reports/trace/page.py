"""The time line as a page: the picture and the summary, without anything from elsewhere and without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from logproc.model.trace.recording import Recording
from logproc.reports.trace.picture import FONT, render_svg

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Styles may be inline, because the picture has its own; nothing is loaded, and no script runs."""
STYLE = f"""
:root{{color-scheme:light dark}}body{{margin:24px;font:14px {FONT};background:#fff;color:#1f2933}}
svg{{max-width:100%;height:auto}}
@media(prefers-color-scheme:dark){{body{{background:#0e1115;color:#e6eaee}}}}pre{{font-size:13px;white-space:pre-wrap}}
""".strip()


def render_page(recording: Recording, command: str, summary: Sequence[str]) -> str:
    """Return the page."""
    words = escape("\n".join(summary))
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>Trace of {escape(command)}</title>\n<style>{STYLE}</style>\n"
        f"{render_svg(recording, command)}<pre>{words}</pre>\n</html>\n"
    )
