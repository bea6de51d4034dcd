"""``crowdai.json``: names the challenge and the authors."""

import json
import re
from collections.abc import Iterator
from typing import Final

from grader.repository.files import Repository
from grader.rules.findings import Finding, error, note, warning

NAME: Final = "crowdai.json"
CHALLENGE: Final = "WWWMusicalGenreRecognitionChallenge"
LATER_KEYS: Final = frozenset({"grader_id", "license", "gpu", "author", "tags", "debug"})
"""Keys that crowdAI's later starter kits use; this challenge has no use for them."""


def crowdai_json(repository: Repository) -> Iterator[Finding]:
    """Valid JSON with the challenge's three keys."""
    if not repository.has(NAME):
        yield error(
            "crowdai-missing", NAME, "the file that names the challenge is missing",
            f'add {{"challenge_id": "{CHALLENGE}", "authors": ["you"], "description": "..."}}',
        )  # fmt: skip
        return
    try:
        manifest = json.loads(repository.data(NAME).decode("utf-8"))
    except UnicodeDecodeError:
        yield error("crowdai-not-json", NAME, "not UTF-8", "save it as UTF-8")
    except RecursionError:
        yield error("crowdai-not-json", NAME, "nested too deep", "write {...} with three keys")
    except json.JSONDecodeError as fault:
        quotes = re.search(r"'[^'\n]*'\s*[,\]:}]", repository.text(NAME))
        yield error(
            "crowdai-not-json", f"{NAME}:{fault.lineno}",
            f"not JSON: {fault.msg} (column {fault.colno})",
            "use double quotes; JSON has no single ones (the guide's own example is wrong there)"
            if quotes else "correct the syntax",
        )  # fmt: skip
    except ValueError as fault:
        yield error("crowdai-not-json", NAME, f"not JSON: {fault}", "write {...} with three keys")
    else:
        yield from _keys(manifest)


def _keys(manifest: object) -> Iterator[Finding]:
    if not isinstance(manifest, dict):
        yield error("crowdai-keys", NAME, "not an object", "write {...} with three keys")
        return
    challenge = manifest.get("challenge_id")
    if challenge != CHALLENGE:
        # A list or an object may be nested too deep to be written out.
        shown = repr(challenge) if isinstance(challenge, str) else "no text"
        yield error(
            "crowdai-keys", NAME, f"challenge_id is {shown}",
            f'set "challenge_id": "{CHALLENGE}"',
        )  # fmt: skip
    authors = manifest.get("authors")
    if not isinstance(authors, list) or not authors or not all(
        isinstance(author, str) and author.strip() for author in authors
    ):  # fmt: skip
        yield error(
            "crowdai-keys", NAME, "authors is no list of names",
            'set "authors" to a list of names, e.g. ["you", "your team mate"]',
        )  # fmt: skip
    if "description" in manifest and not isinstance(manifest["description"], str):
        yield error("crowdai-keys", NAME, "description is no text", "put it in double quotes")
    for key in sorted(manifest.keys() - {"challenge_id", "authors", "description"}):
        if key in LATER_KEYS:
            yield note("crowdai-later-key", NAME, f"{key} belongs to later kits; tolerated")
        else:
            yield warning(
                "crowdai-unknown-key", NAME, f"{key} is no key of the challenge", "remove it"
            )
