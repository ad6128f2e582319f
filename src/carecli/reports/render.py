"""One report in the format asked for."""

from __future__ import annotations

import json

from carecli.errors import UsageError
from carecli.reports.csvtable import csv_table
from carecli.reports.markdown import markdown
from carecli.reports.model import Report
from carecli.reports.plain import plain
from carecli.reports.sections import summary_part
from carecli.reports.tables import Part

FORMATS = ("text", "json", "csv", "md", "html")


def render(report: Report | Part, form: str, *, width: int = 80) -> str:
    """`report` as `form`, one of `FORMATS`; `width` is the terminal's, for text. Ends with a line feed.

    Raises UsageError for any other format.
    """
    part = report if isinstance(report, Part) else summary_part(report)
    if form == "json":
        return json.dumps(part.document, ensure_ascii=False, indent=2) + "\n"
    if form == "text":
        return plain(part.sections, width, title=part.title)
    if form == "md":
        return markdown(part.sections, title=part.title)
    if form == "csv":
        return csv_table(part.sections)
    if form == "html":
        from carecli.reports.html import html

        return html(part)
    raise UsageError(f"unknown report format {form!r}", hint=f"Formats: {', '.join(FORMATS)}.")
