"""Processes that host a media server and are told what to do by lines of JSON on their standard input."""
