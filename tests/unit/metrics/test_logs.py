import json
import logging

import pytest

from relay.metrics.logs import ConsoleFormatter, JsonFormatter, log_context, redact

TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJrMSJ9.c2lnbmF0dXJl"


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("relay.test", logging.INFO, __file__, 1, message, args, None)
    vars(made).update(extra)
    return made


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"hello {TOKEN}", TOKEN),
        ("Authorization: Bearer abc.def-123", "abc.def-123"),
        ("http://localhost:8080/kiosk#token=abcdef", "abcdef"),
        ("a=ice-ufrag:x\r\na=ice-pwd:p4ssw0rdp4ssw0rd\r\na=setup:active", "p4ssw0rdp4ssw0rd"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w\n-----END PRIVATE KEY-----", "kqhkiG9w"),
    ],
)
@pytest.mark.parametrize("formatter", [JsonFormatter(), ConsoleFormatter()])
def test_no_secret_reaches_a_log(text, secret, formatter):
    assert secret not in redact(text)
    for made in (record(text), record("%s", text), record("x", detail=text)):
        assert secret not in formatter.format(made)


def test_what_is_no_secret_stays():
    text = "call c1 of kiosk-1 ended: hangup a=ice-ufrag:abcd"
    assert redact(text) == text


def failed_with(text: str) -> logging.LogRecord:
    """The record of an exception."""
    made = record("failed")
    try:
        int(text)
    except ValueError as error:
        made.exc_info = (type(error), error, error.__traceback__)
    return made


def test_a_secret_in_an_exception_is_hidden():
    for formatter in (JsonFormatter(), ConsoleFormatter()):
        line = formatter.format(failed_with(TOKEN))
        assert "ValueError" in line
        assert TOKEN not in line


def test_json_lines_have_context_and_stay_json_when_redacted():
    with log_context(call="c1", kiosk="k1", seat=""):
        line = json.loads(JsonFormatter().format(record(f'said "{TOKEN}"', status=200)))
    assert line["call"] == "c1"
    assert line["kiosk"] == "k1"
    assert "seat" not in line
    assert line["status"] == 200
    assert line["message"] == 'said "[redacted]"'


def test_context_ends_with_its_block():
    with log_context(call="c1"), log_context(seat="s1"):
        inner = ConsoleFormatter().format(record("x"))
    assert "call=c1 seat=s1" in inner
    assert "call" not in ConsoleFormatter().format(record("x"))
