"""`tetherlight serve`."""

import contextlib
import gc
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tetherlight.cli.keeper import running_simulator
from tetherlight.cli.lazy import Later
from tetherlight.cli.simulate import Serial, Vendor

if TYPE_CHECKING:
    from tetherlight import settings as configuration
    from tetherlight.server import serve as server
else:
    configuration = Later("tetherlight.settings")
    server = Later("tetherlight.server.serve")


def command(  # noqa: PLR0917 - typer reads the options off the parameters
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for other machines too.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
    simulate: Annotated[bool, typer.Option("--simulate", help="Start simulated cameras and lights.")] = False,
    cameras: Annotated[
        int | None, typer.Option(min=1, max=8, help="How many cameras to simulate; one by default.")
    ] = None,
    vendor: Annotated[
        Vendor | None, typer.Option(help="Whose cameras to simulate, both in turn; canon by default.")
    ] = None,
    serial: Annotated[
        Serial | None, typer.Option(help="Serial numbers of the simulated cameras; unique by default.")
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(min=60, help="Width of simulated captures in pixels; by default as the machine is fast."),
    ] = None,
    height: Annotated[int | None, typer.Option(min=40, help="Height of simulated captures in pixels.")] = None,
    depth_of_field: Annotated[
        bool, typer.Option("--depth-of-field", help="Let simulated lenses blur what they are not focused on.")
    ] = False,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Let everybody in who reaches the port.")] = False,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate chain (PEM).")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The certificate's private key (PEM).")] = None,
) -> None:
    """Run the server until it is interrupted."""
    stated = {"--cameras": cameras, "--vendor": vendor, "--serial": serial, "--width": width, "--height": height}
    chosen: dict[str, str | None] = {option: str(value) for option, value in stated.items() if value is not None}
    if depth_of_field:
        chosen["--depth-of-field"] = None
    if chosen and not simulate:
        raise typer.BadParameter(f"{' and '.join(chosen)}: only for simulated cameras, with --simulate.")
    with _loading():
        address = server.Address(host, port, tls_cert, tls_key)
    settings = configuration.load_settings()
    with contextlib.ExitStack() as stack:
        token_dir = settings.state_dir
        if simulate:
            settings = _simulated(settings, stack, chosen)
        server.serve(settings, address, no_auth=no_auth, token_dir=token_dir)


@contextlib.contextmanager
def _loading() -> Iterator[None]:
    """Leave out the search for garbage while modules load: they stay, and it takes a tenth of the start."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _simulated(
    settings: "configuration.Settings", stack: contextlib.ExitStack, options: Mapping[str, str | None]
) -> "configuration.Settings":
    simulator = stack.enter_context(running_simulator(options))
    # Pairings with simulated cameras are worth nothing afterwards.
    state_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tetherlight-state-")))
    update = {"cameras": simulator.addresses, "simulator_control": simulator.control, "state_dir": state_dir}
    return settings.model_copy(update=update)
