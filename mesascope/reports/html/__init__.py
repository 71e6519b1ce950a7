"""The report: one HTML file that needs nothing but itself, a pure function of audit documents."""

from mesascope.reports.html.page import render_report as render_report
