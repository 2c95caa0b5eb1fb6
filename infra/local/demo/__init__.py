"""The parts of the demo; the demo itself is `demo.py`, next to this folder."""
