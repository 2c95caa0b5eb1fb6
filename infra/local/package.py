"""Function packages: one zip per function, with its `bootstrap`; the same binary always gives the same bytes.

For AWS, `bootstrap` is the function's own binary. For the local cloud, it is a script that starts the binary of all
functions with the function's name.
"""

import concurrent.futures
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from places import PACKAGE, ROOT, TARGET
from progress import Failure, say, step
from tools import python_tools

GENERATED = ROOT / "infra" / "generated"
RELEASE_TARGET = TARGET / "release"
RELEASE_PACKAGE = TARGET / "package"
LAMBDA_TARGET = TARGET / "lambda"
# The build of the tests (`[profile.dev]`): it shares every compiled dependency with them.
LOCAL_TARGET = TARGET / "debug"
# The version behind the target is the glibc of provided.al2023.
LAMBDA_TARGETS = {"arm64": "aarch64-unknown-linux-gnu.2.34", "x86_64": "x86_64-unknown-linux-gnu.2.34"}

# Not the tools: cargo unifies features of crates that it builds together, and they enable features of `shared` and of its
# dependencies that no function may have.
TOOLS = ["all_functions", "domains", "generator", "measure", "simulated_cloud", "simulator", "sources", "system_tests", "test_support"]
FUNCTION_CRATES = ["--workspace", *(argument for tool in TOOLS for argument in ("--exclude", tool))]
DOMAINS = sorted(manifest.parent.name for manifest in ROOT.glob("functions/*/Cargo.toml"))
# Links a domain's binaries, which its tests would only wait for.
BINARIES = [f"{domain}/binaries" for domain in DOMAINS]

# Every function in one binary. Its manifest decides with which features dependencies are compiled (infra/all_functions).
ALL_FUNCTIONS = "all-functions"
ALL_FUNCTIONS_CRATE = "all_functions"

# Built only for the local cloud: it enables what production must not have, such as calls to loopback addresses.
DEVELOPMENT_FEATURE = "shared/development"
# The development feature compiles this text in, so that a binary identifies itself.
DEVELOPMENT_MARK = b"bulkhead-development-build"
# The size limit of a function, which keeps heavy dependencies out. Old versions are stored as well, and all of them
# share 75 GB. A route of a workspace should have 5.5 MB (docs/benchmarks.md has its actual size).
LARGEST_ZIP_BYTES = 7_000_000

# The local cloud's binaries that are kept of each name: a running deploy replaces the previous one.
KEPT_BINARIES = 3

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


def build(binary: str = ALL_FUNCTIONS) -> None:
    """Compiles the binary of all functions for the local cloud, or the one that one function has on AWS."""
    if binary != ALL_FUNCTIONS and not any(ROOT.glob(f"functions/*/src/bin/{binary}.rs")):
        raise Failure(f"building {binary}", f"its file functions/*/src/bin/{binary}.rs", "none")
    build_for_development("--bin", binary)


def build_for_development(*arguments: str) -> None:
    """Compiles with the features of all functions, whatever is built, so that nothing is compiled twice."""
    crates = [argument for crate in (ALL_FUNCTIONS_CRATE, *DOMAINS) for argument in ("--package", crate)]
    _cargo(["build", *crates, "--features", ",".join([DEVELOPMENT_FEATURE, *BINARIES]), *arguments, "--target-dir", str(TARGET)])


def generate(*arguments: str) -> None:
    """Runs the two generators: `sources` before the functions compile, `generator` on what they declare."""
    _cargo(["run", "--quiet", "--package", "sources", "--target-dir", str(TARGET), "--", *arguments])
    # The first run writes the token scopes, which the second run lists in the OpenAPI document.
    for _ in range(1 if arguments else 2):
        build_for_development("--quiet", "--package", "generator", "--bin", "generator")
        _run([LOCAL_TARGET / "generator", *arguments])


def package_local(names: list[str], binary: str = ALL_FUNCTIONS) -> list[Package]:
    """Packages functions for the local cloud, each as a script that starts the binary. The emulator keeps every version of
    every function in memory, where a binary in each zip would take gigabytes."""
    program = _keep(binary)
    with step(f"packaging {len(names)} functions"):
        return [_write(PACKAGE / f"{name}.zip", name, f"#!/bin/sh\nexec {shlex.quote(str(program))} {name}\n".encode()) for name in names]


def _keep(binary: str) -> Path:
    """Copies a binary to a name with its digest, which no later build overwrites. Deletes older copies."""
    built = LOCAL_TARGET / binary
    if not built.is_file():
        raise Failure("packaging", f"the binary {built.relative_to(ROOT)}", "none (is it built?)")
    with built.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    kept = PACKAGE / f"{binary}-{digest[:16]}"
    PACKAGE.mkdir(parents=True, exist_ok=True)
    if not kept.exists():
        fresh = kept.with_name(f"{kept.name}.new")
        shutil.copy(built, fresh)
        fresh.replace(kept)
    kept.touch()
    for old in sorted(_kept(binary), key=lambda path: path.stat().st_mtime)[:-KEPT_BINARIES]:
        old.unlink()
    return kept


def forget_pushed() -> None:
    """Deletes the binaries of single functions: after a deploy, every function runs the binary of all."""
    for path in [path for path in _kept("[a-z0-9-]+") if path not in _kept(ALL_FUNCTIONS)]:
        path.unlink()


def _kept(binary: str) -> list[Path]:
    return [path for path in PACKAGE.iterdir() if re.fullmatch(rf"{binary}-[0-9a-f]{{16}}", path.name)]


def package_release(architecture: str | None = None) -> None:
    """Packages for AWS, and refuses development builds and zips over the limit.

    Without an architecture, the build is for this machine and its glibc: enough to see the sizes. A build for
    AWS names its architecture; it then uses the glibc of Amazon Linux 2023, independent of this machine's.
    """
    if architecture is None:
        _cargo(["build", "--release", *FUNCTION_CRATES, "--bins", "--features", ",".join(BINARIES)])
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
    with step(f"packaging {len(names)} functions"), concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        # Compression releases the interpreter's lock, so threads use every core.
        packages = list(workers.map(lambda name: _write(RELEASE_PACKAGE / f"{name}.zip", name, binaries[name].read_bytes(), level=9), names))
    sizes = {package.function: package.zip.stat().st_size for package in packages}
    for name, size in sorted(sizes.items(), key=lambda entry: -entry[1]):
        say(f"{size / 1e6:6.2f} MB  {name}")
    large = [name for name, size in sizes.items() if size > LARGEST_ZIP_BYTES]
    if large:
        raise Failure("checking the zip sizes", f"at most {LARGEST_ZIP_BYTES} bytes each", ", ".join(large))


def _write(target: Path, name: str, bootstrap: bytes, level: int | None = None) -> Package:
    """Writes a function's zip; without a level, uncompressed."""
    entry = zipfile.ZipInfo("bootstrap", FIXED_TIME)
    entry.create_system = 3
    entry.external_attr = 0o100755 << 16
    entry.compress_type = zipfile.ZIP_STORED if level is None else zipfile.ZIP_DEFLATED
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".new")
    with zipfile.ZipFile(fresh, "w") as archive:
        archive.writestr(entry, bootstrap, compresslevel=level)
    fresh.replace(target)
    return Package(name, target, hashlib.sha256(target.read_bytes()).hexdigest())


def _binary(name: str, binaries: dict[str, Path]) -> Path:
    binary = binaries.get(name)
    if binary is None or not binary.is_file():
        raise Failure("packaging", f"a binary for the function {name} of infra/generated", "none (is it built?)")
    return binary


def _cargo(arguments: list[str], **environment: str) -> None:
    _run(["cargo", *arguments], **environment)


def _run(command: list, **environment: str) -> None:
    """Runs a program with its output on the terminal."""
    code = subprocess.run(command, cwd=ROOT, env=os.environ | environment).returncode
    if code != 0:
        raise Failure(" ".join(map(str, command)), "exit code 0", f"exit code {code}; the errors are above")


def _cargo_lambda(target: str) -> None:
    tools = python_tools("lambda")
    # Its own optimisations are a thin LTO, which costs 147 CPU-seconds for each binary.
    command = ["lambda", "build", "--release", *FUNCTION_CRATES, "--bins", "--features", ",".join(BINARIES), "--disable-optimizations"]
    _cargo([*command, "--target", target, "--lambda-dir", str(LAMBDA_TARGET)], PATH=f"{tools}{os.pathsep}{os.environ['PATH']}")
