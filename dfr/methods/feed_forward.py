"""Methods that optimise nothing: a function of two pictures, with any library behind it."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import time
import typing
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast

import torch

from dfr.core.devices import synchronise
from dfr.core.errors import UserError
from dfr.core.progress import Progress, silent
from dfr.methods.method import Method, Stylization, device_of, settings_of
from dfr.network.encoder import Encoder

_Function = TypeVar("_Function", bound=Callable[..., Any])


class FeedForwardMethod(ABC):
    """A method that paints at once: a frozen dataclass of settings says how, see `paint`.

    Attributes:
        name: in the table of methods.
        on_cpu: whether it computes on the CPU wherever the rest does.
    """

    name: ClassVar[str]
    on_cpu: ClassVar[bool] = False

    @property
    def modes(self) -> tuple[str, ...]:
        """Names of the outputs, in order; one, of the method's name."""
        return (self.name,)

    def weights_at(self) -> Path | None:
        """Return the file or folder of its trained weights; None for a method that has none.

        A run says whose weights it used, and leaves out a method whose weights are not here.

        Raises:
            UserError: they are not here; the message says how to get them.
        """
        return None

    def load(self, device: torch.device) -> Any:  # noqa: ARG002
        """Load what `paint` needs onto a device.

        It is kept for the next pair, and its seconds are not counted.
        """
        return None

    @abstractmethod
    def paint(
        self, network: Any, content: torch.Tensor, style: torch.Tensor, seed: int
    ) -> torch.Tensor | Mapping[str, torch.Tensor]:
        """Return the outputs of a pair.

        Args:
            network: what `load` returned.
            content: (1, 3, h, w) in [0, 1], on the method's device.
            style: (1, 3, h', w') likewise.
            seed: of everything random; torch's own generators have it already.

        Returns:
            mode -> (1, 3, h, w) in [0, 1], a tensor or an array; of a single mode the picture.
        """

    def forget(self, network: Any) -> None:  # noqa: B027  (most keep nothing)
        """Forget what `paint` keeps of earlier pictures, if it does; `network` stays loaded."""

    def stylize(
        self,
        content: torch.Tensor,
        style: torch.Tensor,
        encoder: Encoder,
        seed: int = 0,
        progress: Progress = silent,
    ) -> Stylization:
        """Stylize; see `dfr.methods.method.Method`.

        An output with a value that is not finite counts as failed.

        Raises:
            UserError: the outputs are not those that were announced, or not pictures in [0, 1].
        """
        device = device_of(self, encoder.device)
        network = _network(self, device)
        content, style = (picture.to(device, torch.float32) for picture in (content, style))
        torch.manual_seed(seed)
        synchronise(device)
        began = time.perf_counter()
        with torch.no_grad():
            painted = self.paint(network, content.clone(), style.clone(), seed)
        synchronise(device)
        seconds = time.perf_counter() - began
        progress(1, 1)
        pictures = _pictures(self, painted, content.shape)
        failed = {
            mode: "a value of its picture is not finite"
            for mode, picture in pictures.items()
            if not bool(picture.isfinite().all())
        }
        return Stylization(
            method=self.name,
            settings=settings_of(self),
            pictures={mode: each for mode, each in pictures.items() if mode not in failed},
            curves={},
            losses={mode: {} for mode in pictures if mode not in failed},
            failed=failed,
            iterations=0,
            evaluations=0,
            seconds=seconds,
            seconds_targets=0.0,
        )


def forget_pictures(method: Method, device: torch.device) -> None:
    """Let a method's next pair cost what a first one costs, networks loaded.

    Args:
        method: any; only feed-forward ones keep something of pictures.
        device: of the encoder that it is given.
    """
    if isinstance(method, FeedForwardMethod):
        method.forget(_network(method, device_of(method, device)))


# As many as a run has networks: it makes all methods of a pair before the next.
@functools.lru_cache(maxsize=12)
def _network(method: FeedForwardMethod, device: torch.device) -> Any:
    return method.load(device)


def _pictures(
    method: FeedForwardMethod, painted: Any, shape: torch.Size
) -> dict[str, torch.Tensor]:
    """Name and check what was painted: mode -> (1, 3, h, w) on the CPU."""
    if not isinstance(painted, Mapping):
        if len(method.modes) > 1:
            raise UserError(
                f"method '{method.name}' announces the outputs {', '.join(method.modes)}, but "
                "gives one picture: return a mapping of mode to picture"
            )
        painted = {method.modes[0]: painted}
    if set(painted) != set(method.modes):
        raise UserError(
            f"method '{method.name}' announces the outputs {', '.join(method.modes)}, but gives "
            f"{', '.join(map(str, painted)) or 'none'}"
        )
    return {mode: _picture(f"{method.name}, {mode}", painted[mode], shape) for mode in method.modes}


def _picture(what: str, painted: Any, shape: torch.Size) -> torch.Tensor:
    try:
        picture = torch.as_tensor(painted).detach().to("cpu", torch.float32).contiguous()
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(
            f"method {what}: gives a {type(painted).__name__}, which is no tensor or array"
        ) from error
    if picture.shape != shape:
        raise UserError(
            f"method {what}: gives a picture of shape {tuple(picture.shape)}, not the content's "
            f"{tuple(shape)}"
        )
    low, high = float(picture.min()), float(picture.max())
    if low < 0 or high > 1:
        raise UserError(
            f"method {what}: gives values from {low:.3g} to {high:.3g}; clamp them to [0, 1]"
        )
    return picture


@dataclass(frozen=True)
class _About:
    """What `feed_forward` tells of a function."""

    modes: tuple[str, ...]
    load: Callable[[torch.device], Any] | None
    on_cpu: bool


def feed_forward(
    *,
    modes: tuple[str, ...] = (),
    load: Callable[[torch.device], Any] | None = None,
    on_cpu: bool = False,
) -> Callable[[_Function], _Function]:
    """Tell more of a function that is a method; see `method_of_function`.

    Args:
        modes: names of its outputs where it gives more than one.
        load: loads onto a device what the function then gets as ``network``. It is kept for the
            next pair, and its seconds are not counted.
        on_cpu: whether it computes on the CPU wherever the rest does.
    """

    def told(function: _Function) -> _Function:
        cast(Any, function).about = _About(modes, load, on_cpu)
        return function

    return told


@functools.cache
def method_of_function(name: str, function: Callable[..., Any]) -> type[FeedForwardMethod]:
    """Make a method of a function of two pictures.

    Args:
        name: in the table of methods.
        function: takes content and style as `FeedForwardMethod.paint` does, and returns what that
            returns. Its parameters by keyword are the method's settings, each with a type and a
            default, but for ``seed`` and ``network``, which it gets if it has them.

    Raises:
        UserError: its parameters are others.
    """
    parameters = list(inspect.signature(function).parameters.values())
    named = [each for each in parameters if each.kind is each.KEYWORD_ONLY]
    if len(parameters) - len(named) != 2:
        raise UserError(
            f"method '{name}': its function must take content and style, and after a * its settings"
        )
    given = {each.name for each in named} & {"seed", "network"}
    settings = [each for each in named if each.name not in given]
    hints = typing.get_type_hints(function)
    for each in settings:
        if each.default is each.empty or each.name not in hints:
            raise UserError(
                f"method '{name}': its setting '{each.name}' needs a type and a default"
            )
    about: _About = getattr(function, "about", _About((), None, False))

    def paint(
        self: Any, network: Any, content: torch.Tensor, style: torch.Tensor, seed: int
    ) -> Any:
        extra = {"seed": seed, "network": network}
        values = {each.name: getattr(self, each.name) for each in settings}
        return function(content, style, **values, **{key: extra[key] for key in given})

    def load(_: Any, device: torch.device) -> Any:
        return None if about.load is None else about.load(device)

    namespace = {
        "__doc__": function.__doc__,
        "__module__": function.__module__,
        "name": name,
        "on_cpu": about.on_cpu,
        "modes": property(lambda _: about.modes or (name,)),
        "load": load,
        "paint": paint,
    }
    kind = dataclasses.make_dataclass(
        function.__name__,
        [(each.name, hints[each.name], dataclasses.field(default=each.default))
         for each in settings],
        bases=(FeedForwardMethod,),
        frozen=True,
        namespace=namespace,
    )  # fmt: skip
    return cast(type[FeedForwardMethod], kind)
