"""Runs Rasa 3.6 on current Python libraries and without TensorFlow.

Rasa 3.6.21 imports TensorFlow at start although none of the components Rygråd uses needs it, expects a
name numpy 2 has moved, and starts Sanic with a worker manager that kills its own process group. This
module supplies exactly those three things and takes the shortcuts of bot/rasa/shortcuts.py. It refuses,
with the component's name, a configuration that would need TensorFlow for real: an empty stand-in must
never be trained.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import logging
import os
import runpy
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from bot.rasa import shortcuts

STAND_INS = ("tensorflow", "tensorflow_addons", "tensorflow_hub", "tensorflow_text", "keras")
NEEDS_TENSORFLOW = frozenset(
    {
        "ConveRTFeaturizer",
        "DIETClassifier",
        "LanguageModelFeaturizer",
        "ResponseSelector",
        "TEDPolicy",
        "UnexpecTEDIntentPolicy",
    }
)


class LauncherError(Exception):
    """Base of what goes wrong before Rasa itself runs; not worth retrying."""


class NeedsTensorFlow(LauncherError):
    """A configured component cannot run in this environment."""


class _StandInMeta(type):
    """Gives any attribute of a stand-in class another stand-in, so that annotations evaluate."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _StandIn


class _StandIn(metaclass=_StandInMeta):
    """What a TensorFlow name stands for here: it can be named and subclassed, never used."""

    def __class_getitem__(cls, _: object) -> type[_StandIn]:
        return cls

    def __init__(self, *_: object, **__: object) -> None:
        raise NeedsTensorFlow("this environment has no TensorFlow; see bot/rasa/launcher.py")


class _StandInModule(ModuleType):
    """A module whose every public attribute is a stand-in."""

    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _StandIn


class _StandInFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers imports of TensorFlow and Keras."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.split(".")[0] not in STAND_INS:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _StandInModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


def install() -> None:
    """Prepares this process for `import rasa`. May be called more than once."""
    if any(isinstance(finder, _StandInFinder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _StandInFinder())
    # Rasa registers its metrics and training through these on import; both are off for a health service.
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    # It warns of every slot that needs no validation of its own, on every turn.
    logging.getLogger("rasa_sdk.forms").setLevel(logging.ERROR)
    _restore_numpy_name()
    _run_sanic_in_one_process()
    shortcuts.install()


def _restore_numpy_name() -> None:
    import numpy as np

    if not hasattr(np, "VisibleDeprecationWarning"):
        np.VisibleDeprecationWarning = np.exceptions.VisibleDeprecationWarning  # type: ignore[attr-defined]


def _run_sanic_in_one_process() -> None:
    from sanic import Sanic

    run = Sanic.run

    def run_single(self: Sanic, *args: Any, **kwargs: Any) -> Any:
        kwargs.pop("workers", None)
        kwargs["single_process"] = True
        return run(self, *args, **kwargs)

    Sanic.run = run_single  # type: ignore[method-assign, assignment]


def refuse_tensorflow_components(config: Path) -> None:
    """Checks the pipeline and policies of a Rasa config file.

    Raises NeedsTensorFlow naming the components that cannot run here.
    """
    if not config.is_file():
        return
    settings = yaml.safe_load(config.read_text(encoding="utf-8")) or {}
    parts: Iterable[dict[str, Any]] = [*(settings.get("pipeline") or []), *(settings.get("policies") or [])]
    names = {str(part.get("name", "")).rsplit(".", 1)[-1] for part in parts}
    if blocked := sorted(names & NEEDS_TENSORFLOW):
        raise NeedsTensorFlow(f"{config}: {', '.join(blocked)} would need TensorFlow, which is not installed")


def run_module(module: str, arguments: Sequence[str]) -> None:
    """Runs `python -m module arguments` in this process after preparing it (`rasa` or `rasa_sdk`)."""
    install()
    sys.path.insert(0, os.getcwd())
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    run_module(sys.argv[1], sys.argv[2:])
