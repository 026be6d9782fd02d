"""The verdicts of a report as JUnit XML, which CI servers show beside tests."""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from loadtest.report.report import Report


def to_junit(report: Report) -> str:
    """One test case a threshold; without any, one that passes when the run was completed."""
    cases = report.verdicts or (("the run was completed", False),)
    failures = sum(failed for _, failed in cases)
    suite = Element(
        "testsuite",
        name=f"loadtest: {report.title}",
        tests=str(len(cases)),
        failures=str(failures),
        timestamp=report.started,
    )
    for text, failed in cases:
        case = SubElement(suite, "testcase", name=text, classname="loadtest")
        if failed:
            SubElement(case, "failure", message=text)
    if report.warnings:
        SubElement(suite, "system-out").text = "\n".join(report.warnings)
    indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suite, encoding="unicode") + "\n"
