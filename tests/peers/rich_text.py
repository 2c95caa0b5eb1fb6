#!/usr/bin/env python3
"""The length and the facets of texts on Bluesky, against the official library (`RichText` of `@atproto/api`).

The corpus (`functions/channels/src/bluesky/rich_text/corpus.json`) has the texts and what the library makes of each. A hermetic test
holds our code to it. This program verifies the corpus with the library that the local Bluesky server depends on;
`rich_text write` writes it again, with the texts that it has.
"""

import json
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "infra" / "local"))

import places
import tools
from progress import Failure, main, say

OFFICIAL = Path(__file__).with_suffix("") / "official.mjs"
CORPUS = ROOT / "functions" / "channels" / "src" / "bluesky" / "rich_text" / "corpus.json"


def run(arguments: list[str]) -> None:
    if arguments not in ([], ["write"]):
        raise Failure("reading the command", "nothing, or write", " ".join(arguments))
    corpus = json.loads(CORPUS.read_text())
    node = tools.bluesky_node()
    official = answers(node, [entry["text"] for entry in corpus["texts"]])
    version = json.loads((places.BLUESKY / "node_modules" / "@atproto" / "api" / "package.json").read_text())["version"]
    if arguments == ["write"]:
        CORPUS.write_text(document(version, official))
        say(f"wrote {len(official)} texts with @atproto/api {version}")
        return
    different = [mine["text"] for mine, theirs in zip(corpus["texts"], official, strict=True) if mine != theirs]
    if different or corpus["library"] != f"@atproto/api {version}":
        expected = f"the corpus of {corpus['library']}"
        raise Failure("comparing the corpus with the library", expected, f"@atproto/api {version} differs for {different!r}")
    say(f"@atproto/api {version}: {len(official)} texts, as in the corpus")


def answers(node: Path, texts: list[str]) -> list[dict]:
    told = subprocess.run([node, OFFICIAL, places.BLUESKY], input=json.dumps(texts), capture_output=True, text=True, check=False)
    if told.returncode != 0:
        raise Failure("asking the library", "an answer", told.stderr.strip())
    return json.loads(told.stdout)


def document(version: str, texts: list[dict]) -> str:
    """One text to a line. Everything but ASCII is escaped, because invisible characters are part of the texts."""
    lines = ",\n".join("    " + json.dumps(text) for text in texts)
    return f'{{\n  "library": "@atproto/api {version}",\n  "texts": [\n{lines}\n  ]\n}}\n'


if __name__ == "__main__":
    main(run)
