"""The report of ``grade``: json for programs and one html page for people."""
