"""One report in the format asked for."""

from __future__ import annotations

import json

from carecli.errors import UsageError
from carecli.reports.csvtable import csv_table
from carecli.reports.markdown import markdown
from carecli.reports.model import Report, to_json
from carecli.reports.plain import plain
from carecli.reports.sections import sections

FORMATS = ("text", "json", "csv", "md")


def render(report: Report, form: str, *, width: int = 80) -> str:
    """`report` as `form`, one of `FORMATS`; `width` is the terminal's, for text. Ends with a line feed.

    Raises UsageError for any other format.
    """
    if form == "json":
        return json.dumps(to_json(report), ensure_ascii=False, indent=2) + "\n"
    if form == "text":
        return plain(sections(report), width)
    if form == "md":
        return markdown(sections(report))
    if form == "csv":
        return csv_table(sections(report))
    raise UsageError(f"unknown report format {form!r}", hint=f"Formats: {', '.join(FORMATS)}.")
