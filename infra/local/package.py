"""Function packages: one zip per function, with its binary as `bootstrap`; the same binary always gives the same bytes."""

import concurrent.futures
import hashlib
import os
import re
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

import places
from places import PACKAGE, ROOT, TARGET, read_json, write_json
from progress import Failure, say, step
from tools import python_tools

GENERATED = ROOT / "infra" / "generated"
RELEASE_TARGET = ROOT / "target" / "release"
RELEASE_PACKAGE = ROOT / "target" / "package"
LAMBDA_TARGET = ROOT / "target" / "lambda"
# The version behind the target is the glibc of provided.al2023.
LAMBDA_TARGETS = {"arm64": "aarch64-unknown-linux-gnu.2.34", "x86_64": "x86_64-unknown-linux-gnu.2.34"}

# Not the tools: cargo unifies features of crates that it builds together, and they enable features of `shared` that no
# function may have.
TOOLS = ["domains", "generator", "measure", "sources", "system_tests", "test_support"]
FUNCTION_CRATES = ["--workspace", *(argument for tool in TOOLS for argument in ("--exclude", tool))]

# Built only for the local cloud: it enables what production must not have, such as calls to loopback addresses.
DEVELOPMENT_FEATURE = "shared/development"
# The development feature compiles this text in, so that a binary identifies itself.
DEVELOPMENT_MARK = b"bulkhead-development-build"
# The size limit of a function, which keeps heavy dependencies out. Old versions are stored as well, and all of them
# share 75 GB. A route of a workspace should have 5.5 MB (docs/benchmarks.md has its actual size).
LARGEST_ZIP_BYTES = 8_500_000

# The earliest time that a zip can have. Any fixed time makes equal binaries equal zips.
FIXED_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Package:
    function: str
    zip: Path
    digest: str

    @property
    def key(self) -> str:
        """Its key in the deploy bucket. The key changes with the content, so that SAM sees that a function changed."""
        return f"functions/{self.function}/{self.digest}.zip"


def functions() -> list[str]:
    """The names of all functions in the generated templates."""
    templates = sorted(GENERATED.glob("*.yaml"))
    found = {name for template in templates for name in re.findall(r"""CodeUri:\s*["']?[^\s"']*/([a-z0-9-]+)\.zip""", template.read_text())}
    if not found:
        raise Failure("finding the functions", "CodeUri entries in infra/generated/*.yaml", f"none in {len(templates)} templates")
    return sorted(found)


def build(binary: str | None = None) -> None:
    """Compiles every function, or one, for the local cloud. Shared dependencies are built alike, so that nothing is compiled twice.

    Building one is for quick tries: its own crate is not optimised, which takes 5 s instead of 20.
    """
    what = ["--bins"]
    if binary:
        what = ["--bin", binary]
        for setting in ("opt-level=0", "codegen-units=64"):
            what += ["--config", f"profile.release.package.{crate_of(binary)}.{setting}"]
    _cargo(["build", "--release", *FUNCTION_CRATES, *what, "--features", DEVELOPMENT_FEATURE, "--target-dir", str(TARGET)])


def crate_of(binary: str) -> str:
    found = next(ROOT.glob(f"functions/*/src/bin/{binary}.rs"), None)
    if found is None:
        raise Failure(f"building {binary}", f"its file functions/*/src/bin/{binary}.rs", "none")
    return found.parents[2].name


def package_local(names: list[str]) -> list[Package]:
    """Packages the local build. Unchanged binaries keep their zip; weak compression suffices for loopback."""
    binaries = {name: TARGET / "release" / name for name in names}
    return _package(names, binaries, PACKAGE, level=1, stamps=places.LOCAL / "packages.json")


def package_release(architecture: str | None = None) -> None:
    """Packages for AWS, and refuses development builds and zips over the limit.

    Without an architecture, the build is for this machine and its glibc: enough to see the sizes. A build for
    AWS names its architecture; it then uses the glibc of Amazon Linux 2023, independent of this machine's.
    """
    if architecture is None:
        _cargo(["build", "--release", *FUNCTION_CRATES, "--bins"])
        found = RELEASE_TARGET.glob("*")
    elif architecture in LAMBDA_TARGETS:
        _cargo_lambda(LAMBDA_TARGETS[architecture])
        found = LAMBDA_TARGET.glob("*/bootstrap")
    else:
        raise Failure("packaging", f"one of the architectures {', '.join(LAMBDA_TARGETS)}", architecture)
    binaries = {path.parent.name if path.name == "bootstrap" else path.name: path for path in found}
    names = functions()
    marked = [name for name in names if DEVELOPMENT_MARK in _binary(name, binaries).read_bytes()]
    if marked:
        raise Failure("checking the release binaries", f"none has the mark `{DEVELOPMENT_MARK.decode()}`", ", ".join(marked))
    packages = _package(names, binaries, RELEASE_PACKAGE, level=9, stamps=None)
    sizes = {package.function: package.zip.stat().st_size for package in packages}
    for name, size in sorted(sizes.items(), key=lambda entry: -entry[1]):
        say(f"{size / 1e6:6.2f} MB  {name}")
    large = [name for name, size in sizes.items() if size > LARGEST_ZIP_BYTES]
    if large:
        raise Failure("checking the zip sizes", f"at most {LARGEST_ZIP_BYTES} bytes each", ", ".join(large))


def _package(names: list[str], binaries: dict[str, Path], zips: Path, level: int, stamps: Path | None) -> list[Package]:
    zips.mkdir(parents=True, exist_ok=True)
    known = read_json(stamps) if stamps else {}
    # Compression releases the interpreter's lock, so threads use every core.
    with step(f"packaging {len(names)} functions"), concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        packages = list(workers.map(lambda name: _package_one(name, binaries, zips, level, known), names))
    if stamps:
        write_json(stamps, known)
    return packages


def _package_one(name: str, binaries: dict[str, Path], zips: Path, level: int, known: dict) -> Package:
    binary = _binary(name, binaries)
    target = zips / f"{name}.zip"
    status = binary.stat()
    stamp = [status.st_mtime_ns, status.st_size]
    if known.get(name, {}).get("stamp") == stamp and target.exists():
        return Package(name, target, known[name]["digest"])
    entry = zipfile.ZipInfo("bootstrap", FIXED_TIME)
    entry.create_system = 3
    entry.external_attr = 0o100755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    fresh = target.with_suffix(".new")
    with zipfile.ZipFile(fresh, "w") as archive:
        archive.writestr(entry, binary.read_bytes(), compresslevel=level)
    fresh.replace(target)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    known[name] = {"stamp": stamp, "digest": digest}
    return Package(name, target, digest)


def _binary(name: str, binaries: dict[str, Path]) -> Path:
    binary = binaries.get(name)
    if binary is None or not binary.is_file():
        raise Failure("packaging", f"a binary for the function {name} of infra/generated", "none (is it built?)")
    return binary


def _cargo(arguments: list[str], **environment: str) -> None:
    """Runs cargo with its progress on the terminal."""
    code = subprocess.run(["cargo", *arguments], cwd=ROOT, env=os.environ | environment).returncode
    if code != 0:
        raise Failure(f"cargo {' '.join(arguments)}", "exit code 0", f"exit code {code}; the errors are above")


def _cargo_lambda(target: str) -> None:
    tools = python_tools("lambda")
    # Its own optimisations are a thin LTO, which costs 147 CPU-seconds for each binary.
    command = ["lambda", "build", "--release", *FUNCTION_CRATES, "--bins", "--disable-optimizations", "--target", target]
    _cargo([*command, "--lambda-dir", str(LAMBDA_TARGET)], PATH=f"{tools}{os.pathsep}{os.environ['PATH']}")
