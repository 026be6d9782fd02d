"""What the text of the pages shows without a browser."""

import re


def test_nothing_comes_from_elsewhere(web_text: dict[str, str]) -> None:
    foreign = {
        (path, address)
        for path, text in web_text.items()
        for address in re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s'\"`]*", text)
        if "www.w3.org" not in address
    }
    assert foreign == set()


def test_pages_have_no_inline_script_or_style(web_text: dict[str, str]) -> None:
    for path, text in web_text.items():
        if path.endswith(".html"):
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", text), path
            assert 'http-equiv="Content-Security-Policy"' in text, path


def test_pages_know_no_absolute_path(web_text: dict[str, str]) -> None:
    """A portal may mount them anywhere."""
    for path, text in web_text.items():
        assert not re.search(r"""(?:src|href)=["']/|from ["']/|new URL\(["']/""", text), path
