"""YAML in, validated models out: an unknown key or a wrong value is an error by name."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator

from llmrec.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable


class _OnceLoader(yaml.SafeLoader):
    """Safe, and no key twice: YAML would silently take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        keys = [key.value for key, _ in node.value]
        for key, _ in node.value:
            if keys.count(key.value) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
        return super().construct_mapping(node, deep)


class Settings(BaseModel):
    """Base of every configuration: frozen, and no key that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401
        # YAML reads "yes" and "on" as true, which would count as 1.
        wanted = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and wanted in (int, float):
            raise ValueError("must be a number, not true or false")
        return value

    @classmethod
    def of(cls, values: dict[str, Any], *, source: str = "the given options") -> Self:
        """Validate plain values.

        Raises:
            ConfigError: Names the source, the key, the value and what was expected.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise _named(error, source, cls) from None

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a YAML file and validate it.

        Raises:
            ConfigError: The file is missing, not YAML, not a mapping, invalid, or has a key twice.
        """
        return cls.of(read_mapping(path), source=str(path))


S = TypeVar("S", bound=Settings)
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped(Generic[S]):
    """The YAML files of one kind that ship with llmrec; people's own are read beside them."""

    model: type[S]
    what: str
    """What messages call one of them."""
    package: str
    folder: str = "."
    """Where in the package they lie."""

    def names(self) -> list[str]:
        """Return the names of those that ship, ``<name>.v<N>``, sorted."""
        return sorted(self._files())

    def load(self, name: str | Path) -> S:
        """Read one by name, or from a path that ends in ``.yaml`` or ``.yml``.

        Raises:
            ConfigError: No such name, or an invalid file.
        """
        if Path(name).suffix in _SUFFIXES:
            return self.model.load(Path(name))
        files = self._files()
        if str(name) not in files:
            raise ConfigError(
                f"there is no {self.what} {str(name)!r}",
                remedy=did_you_mean(str(name), sorted(files)),
            )
        with resources.as_file(files[str(name)]) as path:
            return self.model.load(path)

    def _files(self) -> dict[str, Traversable]:
        found = resources.files(self.package).joinpath(self.folder).iterdir()
        suffix = _SUFFIXES[0]
        return {f.name.removesuffix(suffix): f for f in found if f.name.endswith(suffix)}


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the keys and values of a YAML file.

    Raises:
        ConfigError: The file is missing, not YAML, not a mapping, or has a key twice.
    """
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=_OnceLoader)  # noqa: S506
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} holds {type(values).__name__}, not a mapping of options")
    return values


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return both key by key, mappings inside them too; where both have a value, above's."""
    joined = dict(below)
    for key, value in above.items():
        under = joined.get(key)
        if isinstance(under, dict) and isinstance(value, dict):
            joined[key] = merged(under, value)
        else:
            joined[key] = value
    return joined


def _named(error: ValidationError, source: str, model: type[BaseModel]) -> ConfigError:
    """Turn Pydantic's report into one line a fault, each with the remedy that is known."""
    lines = []
    for fault in error.errors():
        key = ".".join(map(str, fault["loc"]))
        if fault["type"] == "extra_forbidden" and len(fault["loc"]) == 1:
            lines.append(f"unknown key {key!r}. {did_you_mean(key, model.model_fields)}")
        else:
            lines.append(f"{key}: {fault['msg']} (got {fault['input']!r})")
    return ConfigError(f"{source}: " + "; ".join(lines))
