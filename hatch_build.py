"""Compiles the kernel of the access log readers when logproc is installed or a wheel is built, where there is a compiler.

A wheel with the kernel is for one platform and any Python (`py3-none-linux_x86_64`): the kernel is called by ctypes, and does
not know Python. One without is for all platforms. An editable installation has the kernel beside its source.
"""

from __future__ import annotations

import runpy
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

KERNEL = "logproc/formats/readers/native/kernel.native"


class Kernel(BuildHookInterface[Any]):
    """Hatch finds this class by its base."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the kernel: in place for an editable installation, else into a folder of its own, from where it is packed."""
        self.folder = tempfile.TemporaryDirectory(prefix="logproc-kernel-")
        compiled = runpy.run_path(str(Path(self.root, "tools/build_kernel.py")))["compiled"]
        library = Path(self.root, KERNEL) if version == "editable" else Path(self.folder.name, "kernel.native")
        if problem := compiled(library):
            self.app.display_warning(f"logproc: without the compiled kernel: {problem}")
        elif version != "editable":
            platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            build_data |= {"pure_python": False, "tag": f"py3-none-{platform}"}
            build_data["force_include"][str(library)] = KERNEL

    def finalize(self, _version: str, _build_data: dict[str, Any], _artifact: str) -> None:
        self.folder.cleanup()
