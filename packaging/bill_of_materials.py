"""Prints a bill of materials (CycloneDX 1.6, JSON) of a release: its files with their digests, and whose work is in which.

    python packaging/bill_of_materials.py FOLDER VERSION    SOURCE_DATE_EPOCH: the time that it bears
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

ROOT = Path(__file__).resolve().parents[1]


def debian_version(package: str) -> str:
    return subprocess.run(["dpkg-query", "--show", "--showformat=${Version}", package], check=True, capture_output=True,
                          text=True).stdout


def compiler_package(name: str) -> str:
    """The Debian package that a file of the C++ compiler comes from."""
    path = subprocess.run(["g++", f"-print-file-name={name}"], check=True, capture_output=True, text=True).stdout.strip()
    owner = subprocess.run(["dpkg-query", "--search", os.path.realpath(path)], check=True, capture_output=True, text=True).stdout
    return owner.split(":")[0]


def swift_version() -> str:
    said = subprocess.run(["swift", "--version"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"Swift version ([\d.]+)", said)
    if not found:
        sys.exit(f"error: swift does not say its version: {said}")
    return found[1]


def argument_parser_version() -> str:
    pins = json.loads((ROOT / "Package.resolved").read_text())["pins"]
    return str(next(pin["state"]["version"] for pin in pins if pin["identity"] == "swift-argument-parser"))


def part(name: str, version: str, licence: str, url: PackageURL | None = None) -> Component:
    """A work of others."""
    return Component(name=name, version=version, type=ComponentType.LIBRARY, bom_ref=f"{name}@{version}",
                     licenses=[LicenseExpression(licence)], purl=url)


def file_component(path: Path) -> Component:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Component(name=path.name, type=ComponentType.FILE, bom_ref=path.name,
                     hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
                     properties=[Property(name="hypr:bytes", value=str(path.stat().st_size))])


def main() -> None:
    folder, version = Path(sys.argv[1]), sys.argv[2]
    release = Component(name="hypr", version=version, type=ComponentType.LIBRARY, bom_ref=f"hypr@{version}",
                        licenses=[LicenseExpression("MIT")])
    swift = swift_version()
    apache = "Apache-2.0 WITH Swift-exception"
    flatbuffers = part("flatbuffers", debian_version("libflatbuffers-dev"), "Apache-2.0")
    in_tool = [
        part("swift", swift, apache), part("swift-foundation", swift, apache),
        part("swift-argument-parser", argument_parser_version(), apache,
             PackageURL("swift", "github.com/apple", "swift-argument-parser", argument_parser_version())),
        part("glibc", debian_version("libc6-dev"), "LGPL-2.1-or-later"),
        part("libstdc++", debian_version(compiler_package("libstdc++.a")), "GPL-3.0-or-later WITH GCC-exception-3.1"),
    ]
    # Not in the wheels, but needed by them.
    needed = [part(name, minimum, licence, PackageURL("pypi", None, name)) for name, minimum, licence in [
        ("cffi", "1.16", "MIT-0"), ("flatbuffers-python", "22.10", "Apache-2.0"), ("numpy", "1.23", "BSD-3-Clause")]]

    bom = Bom(components=[flatbuffers, *in_tool, *needed])
    bom.metadata.component = release
    bom.metadata.timestamp = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    bom.register_dependency(release, [flatbuffers])
    files = [file_component(path) for path in sorted(folder.iterdir())]
    for file in files:
        bom.components.add(file)
        if file.name.endswith(".whl") or file.name.startswith("python3-hypr"):
            bom.register_dependency(file, [release, flatbuffers, *needed])
        elif "linux-x86_64.tar" in file.name:
            bom.register_dependency(file, [release, flatbuffers, *in_tool])
        elif file.name.startswith("hypr-tools"):
            bom.register_dependency(file, [release, flatbuffers, *in_tool])
        elif file.name == f"hypr-{version}.tar.gz" or file.name.startswith("libhypr-dev"):
            bom.register_dependency(file, [release])
        else:
            bom.register_dependency(file, [release, flatbuffers])
    # The number of this very release: the same files have the same.
    digests = "".join(next(iter(file.hashes)).content for file in files)
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_OID, digests)

    text = JsonV1Dot6(bom).output_as_string(indent=2)
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem:
        sys.exit(f"error: the bill of materials is not valid: {problem}")
    print(text)


main()
