"""Packages the library of a release for Conan 2, from its archive; nothing is built, and no Swift is needed.

    conan create packaging/conan -c user.hypr:release=file:///downloads

`user.hypr:release` is the URL of the folder that has the archives and SHA256SUMS of the release.
"""

from pathlib import Path

from conan import ConanFile
from conan.errors import ConanException, ConanInvalidConfiguration
from conan.tools.files import copy, download, get, load

ARCHIVES = {("Linux", "x86_64"): "linux-x86_64", ("Linux", "armv8"): "linux-aarch64"}


class Hypr(ConanFile):
    name = "hypr"
    description = "Recurrent spiking neural networks that keep learning while they run"
    license = "MIT AND Apache-2.0"
    topics = ("spiking-neural-networks", "online-learning", "on-device-training")
    package_type = "shared-library"
    # The archives have one C library for all compilers.
    settings = "os", "arch"

    def set_version(self):
        header = load(self, Path(self.recipe_folder, "../../include/hypr.h"))
        numbers = [line.split()[2] for line in header.splitlines() if line.startswith("#define HYPR_VERSION_")]
        self.version = ".".join(numbers[:3])

    def validate(self):
        if self._place not in ARCHIVES:
            raise ConanInvalidConfiguration(f"hypr has no archive for {' '.join(self._place)}, but for "
                                            f"{', '.join(' '.join(place) for place in ARCHIVES)}")

    def build(self):
        release = self.conf.get("user.hypr:release", check_type=str)
        if not release:
            raise ConanException("user.hypr:release is not set, expected the URL of the folder with the archives and SHA256SUMS, "
                                 "as in -c user.hypr:release=file:///downloads")
        name = f"hypr-{self.version}-{ARCHIVES[self._place]}.tar.gz"
        download(self, f"{release}/SHA256SUMS", "SHA256SUMS")
        digests = {file: digest for digest, file in map(str.split, load(self, "SHA256SUMS").splitlines())}
        if name not in digests:
            raise ConanException(f"{release}/SHA256SUMS does not have {name}")
        get(self, f"{release}/{name}", sha256=digests[name], destination=self.build_folder, strip_root=True)

    def package(self):
        for pattern in ("include/*", "lib/libhypr.so*"):
            copy(self, pattern, self.build_folder, self.package_folder)
        documents = Path(self.build_folder, "share/doc/hypr")
        for pattern in ("LICENSE", "copyright", "Apache-2.0"):
            copy(self, pattern, documents, Path(self.package_folder, "licenses"), keep_path=False)

    def package_info(self):
        self.cpp_info.libs = ["hypr"]
        self.cpp_info.set_property("cmake_file_name", "hypr")
        self.cpp_info.set_property("cmake_target_name", "hypr::hypr")
        self.cpp_info.set_property("pkg_config_name", "hypr")

    @property
    def _place(self):
        return str(self.settings.os), str(self.settings.arch)
