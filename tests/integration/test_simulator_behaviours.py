"""What simulated bodies of all makers can be made to do, under unmodified libgphoto2."""

from gphoto_process import GphotoProcess
from simulator_process import SimulatorProcess

ALL_MAKERS = ("--vendor", "canon,nikon,generic", "--cameras", "3")


async def test_a_button_held_down_makes_a_burst_on_every_body() -> None:
    """Each exposure has its RAW and its JPEG, and the body is done when all of them are there."""
    async with SimulatorProcess(*ALL_MAKERS) as simulator:
        for camera, raw in zip(simulator.cameras, ("CR2", "NEF", "DNG"), strict=True):
            async with GphotoProcess(camera.port) as opened:
                if camera.model.startswith("Canon"):
                    await opened.call("set", name="capturetarget", value="Memory card")
                await simulator.control("set_format", camera=camera.name, format="RAW+JPEG")
                await simulator.control("press_shutter", camera=camera.name, count=3, interval=0.05)
                files = [path.rsplit("/", 1)[1] for path in await opened.call("events", seconds=60, deadline=70)]
                assert [name.split(".")[1] for name in files] == [raw, "JPG"] * 3
                assert len({name.split(".")[0] for name in files}) == 3
                counts = (await simulator.status(camera.name))["events"]
                assert (counts["exposure"], counts["capture"], counts["idle"]) == (3, 3, 1)
