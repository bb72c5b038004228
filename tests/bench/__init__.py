"""Rygråd beside a plain Rasa on one machine, in one run: `python -m tests.bench` writes docs/performance.md."""
