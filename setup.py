"""The wheel holds the app and its configuration too; everything else is in pyproject.toml.

`streamlit run app.py` reads both at the top of the repository. Copied by the build, there is no
second version of them to keep in step.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SERVED = ("app.py", ".streamlit/config.toml")


class WithApp(build_py):
    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for source, target in self._served():
                self.mkpath(str(Path(target).parent))
                self.copy_file(source, target)

    def get_source_files(self) -> list[str]:
        return [*super().get_source_files(), *SERVED]

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        return [*super().get_outputs(include_bytecode), *(target for _, target in self._served())]

    def _served(self) -> list[tuple[str, str]]:
        return [(file, str(Path(self.build_lib, "efviz", "served", file))) for file in SERVED]


setup(cmdclass={"build_py": WithApp})
