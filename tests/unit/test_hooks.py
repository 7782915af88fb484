"""Hooks: what the rig file may say, what is told of what happens, and what does not hold anything up."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import logging
import os
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from support.children import gone
from support.patience import stretched
from support.serving import serving
from support.tls_certificate import CERTIFICATE, ELSEWHERE, EXPIRED, KEY, NOT_YET
from tetherlight.bridges.bridge import Site, Status
from tetherlight.bridges.hooks.bridge import open_bridge
from tetherlight.bridges.hooks.command import Command
from tetherlight.bridges.hooks.events import Happened, Observer
from tetherlight.bridges.hooks.hook import Hook
from tetherlight.bridges.hooks.secret import signature
from tetherlight.bridges.hooks.telling import NotNow, NotTold
from tetherlight.bridges.hooks.webhook import Webhook
from tetherlight.cli.main import app
from tetherlight.doctor.access import check_hooks
from tetherlight.errors import HookFailed, InvalidSetting
from tetherlight.protocol.events import CAMERA_LOST, CAPTURES_CHANGED, JOB_CHANGED, STORAGE_CHANGED, CapturesChange
from tetherlight.protocol.events import CameraChange as Change
from tetherlight.protocol.models import ImageFile, Job, JobState, Storage
from tetherlight.publisher import Publication, Publisher
from tetherlight.rigfile.hooks import HookTable
from tetherlight.rigfile.rigfile import RigFile

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()


def happened(event: Any = "set_finished") -> Happened:
    return Happened(event, "Set 'a' is complete.", {"set_name": "a"}, "rig")


def python(code: str, timeout_s: float = 60) -> Command:
    """A program that is this code."""
    return Command([sys.executable, "-I", "-c", code], stretched(timeout_s))


# What the rig file may say


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('on = ["set_finished"]', "either a command or a url"),
        ('on = ["set_finished"]\ncommand = ["a"]\nurl = "http://a"', "either a command or a url"),
        ('on = []\ncommand = ["a"]', "on"),
        ('on = ["set_done"]\ncommand = ["a"]', "on"),
        ('on = ["set_finished"]\ncommand = []', "command"),
        ('on = ["set_finished"]\ncommand = "rm -rf /"', "command"),
        ('on = ["set_finished"]\ncommand = ["a\\u0000b"]', "command"),
        ('on = ["set_finished"]\nurl = "ftp://a"', "http://"),
        ('on = ["set_finished"]\nurl = "http://["', "http://"),
        ('on = ["set_finished"]\nurl = "https://me:secret@a"', "no place in an address"),
        ('on = ["set_finished"]\ncommand = ["a"]\nsecret_env = "A"', "url alone"),
        ('on = ["set_finished"]\nurl = "http://a"\nsecret_env = "A"\nsecret_file = "b"', "either secret_file"),
        ('on = ["set_finished"]\nurl = "http://a"\nsecret = "b"', "no key 'hooks.a.secret'"),
        ('on = ["set_finished"]\ncommand = ["a"]\ntimeout_s = 0', "timeout_s"),
    ],
)
def test_a_hook_that_cannot_work_stops_the_start_with_one_sentence(table: str, problem: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        RigFile.parse(f"[hooks.a]\n{table}\n", Path("rig.toml"))
    assert problem in caught.value.message
    assert "secret@" not in caught.value.message


def test_what_is_run_and_told_is_kept_out_of_the_log() -> None:
    file = RigFile.parse(
        '[hooks.a]\non = ["disk_low"]\ncommand = ["/bin/secret-program"]\n'
        '[hooks.b]\non = ["disk_low"]\nurl = "https://ntfy.example/secret-topic"\nsecret_file = "/etc/secret-file"\n'
        '[bridges.mqtt]\npassword = "very-secret-password"\n',
        Path("rig.toml"),
    )
    assert {"/bin/secret-program", "secret-topic", "/etc/secret-file", "very-secret-password"} <= file.secrets
    assert "secret-program" not in repr(file)


# What is told


def job(state: JobState, job_id: str = "job-1", error: str | None = None) -> Job:
    return Job(
        job_id=job_id,
        state=state,
        set_name="vase",
        index=2,
        total=8,
        steps=[],
        error=error,
        started_at=datetime.now(UTC),
    )


def publication(event: Any, data: Any) -> Publication:
    return Publication(event, data, topic=None, seq=None, requester=None, error=None)


def seen(observer: Observer, event: Any, data: Any) -> list[tuple[str, str]]:
    return [(one.event, one.message) for one in observer.seen(publication(event, data))]


def test_a_state_is_told_when_it_comes_and_not_again() -> None:
    observer = Observer("rig")
    assert seen(observer, JOB_CHANGED, job(JobState.RUNNING)) == []
    paused = ("job_paused", "Set 'vase' waits at step 2 of 8. The camera is gone.")
    assert seen(observer, JOB_CHANGED, job(JobState.PAUSED, error="The camera is gone.")) == [paused]
    assert seen(observer, JOB_CHANGED, job(JobState.PAUSED)) == []
    assert seen(observer, JOB_CHANGED, job(JobState.RUNNING)) == []
    assert seen(observer, JOB_CHANGED, job(JobState.COMPLETED)) == [
        ("set_finished", "Set 'vase' is complete: 8 images.")
    ]
    assert seen(observer, JOB_CHANGED, job(JobState.FAILED, "job-2"))[0][0] == "job_failed"
    for number in range(500):
        seen(observer, JOB_CHANGED, job(JobState.RUNNING, f"job-{number}"))
    assert len(observer._states) <= 100


def test_captures_lost_cameras_and_full_disks_are_told() -> None:
    observer = Observer("rig")
    image = ImageFile(filename="a.jpg", path="captures/a.jpg", size=1, mimetype="image/jpeg", url="/images/a.jpg")
    assert seen(observer, CAPTURES_CHANGED, CapturesChange(change="created", files=[image])) == [
        ("image_captured", "a.jpg was captured.")
    ]
    assert seen(observer, CAPTURES_CHANGED, CapturesChange(change="deleted", files=[image])) == []
    lost = Change(camera_id="c", model="EOS R5", port="usb:1,2", cause="It was unplugged.")
    assert seen(observer, CAMERA_LOST, lost) == [
        ("camera_lost", "Camera 'EOS R5' does not answer any more. It was unplugged.")
    ]
    full, roomy = (Storage(path="captures", free_bytes=int(1e9), total_bytes=9, low=low) for low in (True, False))
    told = [len(seen(observer, STORAGE_CHANGED, one)) for one in (full, full, roomy, full)]
    assert told == [1, 0, 0, 1]


# Commands


async def test_a_program_gets_the_event_on_its_standard_input_and_no_secret_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", "the-owners-secret")
    out = tmp_path / "out"
    code = f"import os, sys; open({str(out)!r}, 'w').write(sys.stdin.read() + str('API_TOKEN' in os.environ))"
    one = happened()
    assert await python(code).tell(one) == "Its program ended well."
    text = out.read_text()
    assert text.endswith("}\nFalse")
    told = json.loads(text.removesuffix("False"))
    assert told == {
        "event": "set_finished", "id": one.id, "time": told["time"], "station": "rig", "title": "Set finished",
        "message": "Set 'a' is complete.", "data": {"set_name": "a"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("import sys; sys.exit('no such share')", NotTold, "exit code 1: no such share"),
        ("import sys; sys.exit(75)", NotNow, "exit code 75"),
        ("import os; os.kill(os.getpid(), 9)", NotTold, "signal 9"),
        ("import os; os.close(0)", str, "ended well"),
        ("import sys; sys.stderr.write('x' * 300_000)", str, "ended well"),
    ],
)
async def test_how_a_program_ends_says_whether_it_was_told(code: str, kind: Any, words: str) -> None:
    end: Any = (await asyncio.gather(python(code).tell(happened()), return_exceptions=True))[0]
    assert type(end) is kind
    assert words in str(end)


async def test_a_program_that_is_not_there_is_told() -> None:
    nowhere = Command(["/no/such/program"], 1)
    assert nowhere.fault() is not None
    with pytest.raises(NotTold, match="could not be started"):
        await nowhere.tell(happened())


async def test_a_program_that_never_ends_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """Even where it does not listen to requests."""
    pids = tmp_path / "pids"
    code = (
        "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); child = os.fork(); "
        f"open({str(pids)!r}, 'a').write(f'{{os.getpid()}} '); signal.pause()"
    )
    hangs = Command([sys.executable, "-I", "-c", code], stretched(1.0))
    with pytest.raises(NotTold, match="was ended after"):
        await hangs.tell(happened())
    for pid in pids.read_text().split():
        await gone(int(pid))


async def test_a_program_is_no_shell(tmp_path: Path) -> None:
    words = ["$(touch x)", "; touch y", "a b", "*"]
    out = tmp_path / "out"
    code = f"import json, sys; json.dump(sys.argv[1:], open({str(out)!r}, 'w'))"
    await Command([sys.executable, "-I", "-c", code, *words], stretched(60)).tell(happened())
    assert json.loads(out.read_text()) == words


# Addresses


class Receiver:
    """A server that answers each request as it is told, and keeps what came."""

    def __init__(self) -> None:
        self.answers: list[bytes | None] = []
        """What comes next; None hangs, nothing left is 204."""
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.came = asyncio.Condition()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            async with self.came:
                self.requests.append((headers | {"": head[0]}, body))
                self.came.notify_all()
            answer = self.answers.pop(0) if self.answers else b"HTTP/1.1 204 No Content\r\n\r\n"
            if answer is None:
                await reader.read()  # until the other side has had enough
            else:
                writer.write(answer)
        finally:
            writer.close()

    async def wait(self, count: int) -> None:
        async with asyncio.timeout(stretched(30)), self.came:
            await self.came.wait_for(lambda: len(self.requests) >= count)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver()
    async with serving(found.serve) as found.port:
        yield found


def webhook(receiver: Receiver, **more: Any) -> Webhook:
    url = f"http://127.0.0.1:{receiver.port}/hook?a=b"
    return Webhook(HookTable(on=("set_finished",), url=url, **{"timeout_s": stretched(30.0)} | more))


async def test_what_is_posted_is_signed_as_standard_webhooks_are(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\nmore\n")
    monkeypatch.setenv("HOOK_TOKEN", "tk_abc")
    one = happened()
    await webhook(receiver, secret_file=str(tmp_path / "secret"), token_env="HOOK_TOKEN").tell(one)
    headers, body = receiver.requests[0]
    assert headers[""] == "POST /hook?a=b HTTP/1.1"
    assert headers["authorization"] == "Bearer tk_abc"
    assert json.loads(body)["id"] == headers["webhook-id"] == one.id
    signed = f"{one.id}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_the_signature_is_the_one_of_the_specification() -> None:
    """Its own example."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    assert signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (b"HTTP/1.1 500 Oops\r\n\r\n", NotNow, "answered 500"),
        (b"HTTP/1.1 429 Slowly\r\n\r\n", NotNow, "answered 429"),
        (b"HTTP/1.1 403 No\r\n\r\n", NotTold, "answered 403"),
        (b"HTTP/1.1 302 There\r\nLocation: http://127.0.0.1:1/\r\n\r\n", NotTold, "answered 302"),
        (b"no HTTP at all\r\n\r\n", NotNow, "could not be told"),
        (b"", NotNow, "could not be told"),
    ],
)
async def test_an_answer_says_whether_it_was_told(receiver: Receiver, answer: bytes, kind: Any, words: str) -> None:
    receiver.answers = [answer]
    with pytest.raises(NotTold) as caught:
        await webhook(receiver).tell(happened())
    assert type(caught.value) is kind
    assert words in str(caught.value)


async def test_an_address_that_hangs_is_given_up(receiver: Receiver) -> None:
    receiver.answers = [None]
    with pytest.raises(NotNow, match="did not answer within"):
        await webhook(receiver, timeout_s=0.1).tell(happened())


@pytest.mark.parametrize(
    ("presented", "trusted", "words"),
    [
        (EXPIRED, EXPIRED, "certificate has expired"),
        (NOT_YET, NOT_YET, "certificate is not yet valid"),
        (ELSEWHERE, ELSEWHERE, "it was made out for another name"),
        (CERTIFICATE, EXPIRED, "self-signed certificate"),
    ],
)
async def test_an_address_with_a_certificate_that_does_not_hold_is_told_nothing_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, presented: str, trusted: str, words: str
) -> None:
    (tmp_path / "presented.pem").write_text(presented + KEY)
    (tmp_path / "trusted.pem").write_text(trusted)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "presented.pem")
    found = Receiver()
    async with serving(found.serve, context) as found.port:
        url = f"https://127.0.0.1:{found.port}/"
        table = HookTable(on=("set_finished",), url=url, timeout_s=stretched(30.0))
        with pytest.raises(NotNow, match=f"its certificate is not trusted: {words}"):
            await Webhook(table).tell(happened())
    assert found.requests == []


@pytest.mark.parametrize(
    ("year", "words"), [("2120", r"its clock is \d+ s ahead of this"), ("2020", r"its clock is \d+ s behind this")]
)
async def test_a_signature_that_is_refused_by_another_clock_says_so_and_is_made_anew(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, year: str, words: str
) -> None:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    date = f"Date: Mon, 01 Jan {year} 00:00:00 GMT".encode()
    receiver.answers = [b"HTTP/1.1 401 Stale\r\n" + date + b"\r\n\r\n"]
    one, way = happened(), webhook(receiver, secret_env="HOOK_SECRET")
    with pytest.raises(NotNow, match=f"answered 401, and {words}"):
        await way.tell(one)
    await way.tell(one)
    assert [headers["webhook-id"] for headers, _ in receiver.requests] == [one.id] * 2
    assert all(abs(int(headers["webhook-timestamp"]) - time.time()) < 300 for headers, _ in receiver.requests)


@pytest.mark.parametrize("date", [b"", b"Date: yesterday\r\n", b"Date: Mon, 01 Jan 99999999 00:00:00 GMT\r\n"])
async def test_an_answer_whose_date_says_nothing_is_judged_without_it(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, date: bytes
) -> None:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    receiver.answers = [b"HTTP/1.1 401 No\r\n" + date + b"\r\n"]
    with pytest.raises(NotTold, match=r"answered 401$"):
        await webhook(receiver, secret_env="HOOK_SECRET").tell(happened())


async def test_names_with_spaces_and_slashes_are_told_as_they_are(receiver: Receiver) -> None:
    name = 'Vase / left #1 "ü"'
    await webhook(receiver).tell(Happened("set_finished", f"Set '{name}' is complete.", {"set_name": name}, "a / b"))
    told = json.loads(receiver.requests[0][1])
    assert (told["station"], told["data"]["set_name"]) == ("a / b", name)


async def test_neither_secrets_nor_the_address_of_a_hook_that_fails_are_logged(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Below WARNING other libraries are not logged by a server."""
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    monkeypatch.setenv("HOOK_TOKEN", "tk_abcdef")
    receiver.answers = [b"HTTP/1.1 500 Oops\r\n\r\n", b"HTTP/1.1 403 No\r\n\r\n"]
    news = News()
    way = webhook(receiver, secret_env="HOOK_SECRET", token_env="HOOK_TOKEN")
    hook = Hook("phone", TABLE, way, changed=news.come.set, pauses=(0.0,))
    with caplog.at_level(logging.DEBUG):
        async with running(hook):
            hook.take(happened())
            await news.until(lambda: hook.counts["failed"] == 1)
    assert "answered 403" in caplog.text
    assert "tk_abcdef" not in caplog.text
    assert SECRET.removeprefix("whsec_") not in caplog.text
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("tetherlight")]
    assert not any("/hook?a=b" in line for line in ours)


async def test_without_its_secret_nothing_is_posted(receiver: Receiver, tmp_path: Path) -> None:
    one = webhook(receiver, secret_file=str(tmp_path / "nothing"))
    assert "cannot be read" in (one.fault() or "")
    with pytest.raises(NotTold, match="cannot be read"):
        await one.tell(happened())
    assert receiver.requests == []


# Queues


class Slow:
    """A way that a test holds in its hands."""

    def __init__(self, *ends: Exception | None) -> None:
        self.ends = list(ends)
        self.told: list[str] = []
        self.gate = asyncio.Event()
        self.begun = asyncio.Event()

    async def tell(self, one: Happened) -> str:
        self.begun.set()
        await self.gate.wait()
        self.told.append(one.event)
        if self.ends and (end := self.ends.pop(0)) is not None:
            raise end
        return "Told."

    def fault(self) -> str | None:
        return None


TABLE = HookTable(on=("set_finished", "disk_low"), command=("a",))


@contextlib.asynccontextmanager
async def running(hook: Hook) -> AsyncIterator[None]:
    task = asyncio.create_task(hook.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class News:
    """Waits until something is so, which may be whenever there are news."""

    def __init__(self) -> None:
        self.come = asyncio.Event()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(stretched(30)):
            while not true():
                self.come.clear()
                await self.come.wait()


async def test_a_storm_of_events_waits_for_nobody_and_what_was_dropped_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    slow, news = Slow(), News()
    hook = Hook("phone", TABLE, slow, changed=news.come.set, most=10)
    async with running(hook):
        for _ in range(1000):
            hook.take(happened())  # it is no coroutine: it cannot wait
        assert hook.counts["dropped"] == 990
        slow.gate.set()
        await news.until(lambda: hook.counts["told"] == 10)
    lines = [record.message for record in caplog.records]
    assert lines == [
        "Hook 'phone' lags: 10 events wait, and more are dropped",
        "Hook 'phone' has caught up; 990 events were dropped",
    ]


async def test_a_hook_hears_only_of_what_it_wants_and_tells_again_what_may_be_told_later() -> None:
    way = Slow(NotNow("busy"), NotNow("busy"), None, NotTold("never"), NotNow("busy"))
    way.gate.set()
    news = News()
    hook = Hook("phone", TABLE, way, changed=news.come.set, pauses=(0.0, 0.0))
    async with running(hook):
        hook.take(happened("camera_lost"))
        hook.take(happened("disk_low"))
        await news.until(lambda: hook.counts["told"] == 1)
        assert way.told == ["disk_low"] * 3
        hook.take(happened())
        await news.until(lambda: hook.counts["failed"] == 1)
        assert hook.trouble == "never"
        hook.take(happened())
        await news.until(lambda: hook.counts["told"] == 2)
    assert hook.trouble is None


async def test_a_hook_that_breaks_goes_on_with_the_next_event() -> None:
    way = Slow(RuntimeError("bug"), None)
    way.gate.set()
    news = News()
    hook = Hook("phone", TABLE, way, changed=news.come.set)
    async with running(hook):
        hook.take(happened())
        hook.take(happened())
        await news.until(lambda: hook.counts["told"] == 1)
    assert hook.counts["failed"] == 1


# All together


class Watched(Status):
    """How a bridge stands, with news of it."""

    def __init__(self, name: str, told: Callable[[], None]) -> None:
        super().__init__(name)
        self.told = told

    def well(self, message: str) -> None:
        super().well(message)
        self.told()

    def ill(self, message: str, remedy: str | None = None, *, level: str = "error") -> None:
        super().ill(message, remedy, level=level)
        self.told()


async def test_what_the_rig_publishes_reaches_hooks_that_neither_hang_nor_hinder_each_other(
    receiver: Receiver, tmp_path: Path
) -> None:
    """One hangs, one is not there, one is told; and the doctor hears of it."""
    out = tmp_path / "out"
    hang = [sys.executable, "-I", "-c", "import signal; signal.pause()"]
    write = [sys.executable, "-I", "-c", f"import sys; open({str(out)!r}, 'w').write(sys.stdin.read())"]
    text = f"""
bridges.name = "cellar"
[hooks]
hangs = {{ on = ["set_finished"], command = {json.dumps(hang)} }}
missing = {{ on = ["set_finished"], command = ["/no/such/program"] }}
writes = {{ on = ["set_finished"], command = {json.dumps(write)} }}
posts = {{ on = ["set_finished"], url = "http://127.0.0.1:{receiver.port}/" }}
"""
    publisher = Publisher()
    lights = SimpleNamespace(rig_file=RigFile.parse(text, tmp_path / "rig.toml"))
    rig: Any = SimpleNamespace(publisher=publisher, lights=lights)
    news = News()
    status = Watched("hooks", told=news.come.set)
    async with open_bridge(Site(rig, None, status)):
        assert "'missing': its program is not there" in status.finding().message
        publisher.publish(JOB_CHANGED, job(JobState.COMPLETED))
        await receiver.wait(1)
        await news.until(lambda: status.counts.get("told") == 2)
        assert status.counts["failed"] == 1
    told = json.loads(receiver.requests[0][1])
    assert (told["event"], told["station"], told["data"]["set_name"]) == ("set_finished", "cellar", "vase")


def test_hooks_are_shown_and_tried_by_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    write = [sys.executable, "-I", "-c", f"import sys; open({str(out)!r}, 'w').write(sys.stdin.read())"]
    (tmp_path / "rig.toml").write_text(
        f'[hooks]\ncopy = {{ on = ["set_finished", "disk_low"], command = {json.dumps(write)} }}\n'
        'lost = { on = ["camera_lost"], command = ["/no/such/program"] }\n'
    )
    monkeypatch.setenv("RIG_FILE", str(tmp_path / "rig.toml"))
    monkeypatch.setenv("XDG_STATE_HOME", os.fspath(tmp_path))
    run = CliRunner().invoke
    assert [line.split()[:2] for line in run(app, ["hooks", "list"]).stdout.splitlines()[1:]] == [
        ["copy", "command"], ["lost", "command"],
    ]  # fmt: skip
    said = run(app, ["hooks", "test", "copy", "--event", "disk_low"])
    assert said.stdout == "Hook 'copy' was told. Its program ended well.\n"
    told = json.loads(out.read_text())
    assert (told["event"], told["test"], told["data"]) == ("disk_low", True, None)
    failed = run(app, ["hooks", "test", "lost"])
    assert isinstance(failed.exception, HookFailed)
    assert "could not be started" in failed.exception.message
    assert run(app, ["hooks", "test", "copy", "--event", "camera_lost"]).exit_code == 2


def test_the_doctor_tells_of_hooks_that_cannot_work(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    text = f"""
[hooks]
well = {{ on = ["disk_low"], url = "http://a", secret_file = "{tmp_path / "secret"}" }}
program = {{ on = ["disk_low"], command = ["/no/such/program"] }}
secret = {{ on = ["disk_low"], url = "http://a", secret_file = "/no/such/file" }}
token = {{ on = ["disk_low"], url = "http://a", token_env = "NO_SUCH_VARIABLE" }}
"""
    found = list(check_hooks(RigFile.parse(text, tmp_path / "rig.toml")))
    assert [one.message.split("'")[1] for one in found] == ["program", "secret", "token"]


async def test_the_mail_of_the_how_to_is_sent_and_tried_again_where_no_server_answers() -> None:
    program = str(Path(__file__).parents[2] / "docs" / "examples" / "mail_hook.py")
    lines: list[str] = []

    async def smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        told = b""
        while told != b"QUIT":
            told = (await reader.readline()).strip().upper()
            writer.write({b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}.get(told, b"250 well\r\n"))
            if told == b"DATA":
                lines.extend((await reader.readuntil(b"\r\n.\r\n")).decode().splitlines())
                writer.write(b"250 taken\r\n")
        writer.close()

    async with serving(smtp) as port:
        mail = Command([sys.executable, program, f"127.0.0.1:{port}", "rig@a.example", "me@a.example"], stretched(60))
        await mail.tell(happened())
    assert "Subject: rig: Set finished" in lines
    assert "Set 'a' is complete." in lines
    with pytest.raises(NotNow, match="refused"):
        await mail.tell(happened())
