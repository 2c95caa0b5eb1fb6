"""The parts of the demo; the story itself is `demo.py`, beside this folder."""
