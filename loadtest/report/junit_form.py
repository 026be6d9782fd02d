"""The verdicts of a report as JUnit XML, which CI servers show beside tests."""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from loadtest.report.report import Report


def to_junit(report: Report) -> str:
    """One test case a threshold, and one for the run itself, which fails with the reason when it was not what was asked for."""
    cases = [
        ("the run was completed", report.incomplete),
        *((text, text if bad else "") for text, bad in report.verdicts),
    ]
    failures = sum(bool(failure) for _, failure in cases)
    suite = Element(
        "testsuite",
        name=f"loadtest: {report.title}",
        tests=str(len(cases)),
        failures=str(failures),
        timestamp=report.started,
    )
    for text, failure in cases:
        case = SubElement(suite, "testcase", name=text, classname="loadtest")
        if failure:
            SubElement(case, "failure", message=failure)
    if report.warnings:
        SubElement(suite, "system-out").text = "\n".join(report.warnings)
    indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suite, encoding="unicode") + "\n"
