"""Spellings by which somebody may try to leave a folder, made by combining what servers have fallen for."""

from itertools import product
from urllib.parse import quote

UPS = (
    "..", "...", "....", ". .", ".. ", " ..", "..;", "..%00", "%2e%2e", "%2E%2E", ".%2e", "%2e.", "%252e%252e",
    "%c0%ae%c0%ae", "%e0%80%ae%e0%80%ae", "%uff0e%uff0e", "\uff0e\uff0e", "\u2024\u2024", "\u2025", "\u2026",
    "..\u200b", ".\u0000.", "..\t", "..\r", "..\\..", "\u3002\u3002",
)  # fmt: skip
SEPARATORS = (
    "/",
    "//",
    "/./",
    "\\",
    "\\\\",
    "%2f",
    "%2F",
    "%5c",
    "%252f",
    "\u2215",
    "\u2044",
    "\uff0f",
    "%c0%af",
    "/\\",
)
ROOT_AGAIN = "/proc/self/root"
"""Leads to the root of the file system by another name."""
PREFIXES = ("", "captures/", "./", "captures/photometric_sets/good/", "photometric_sets/good/")


def spellings(inside_work: str, outside: str) -> list[str]:
    """Return attempts to reach a file of the working folder and one outside it, given as an absolute path."""
    climbing = [
        f"{prefix}{separator.join([up] * 3 + [inside_work])}"
        for up, separator, prefix in product(UPS, SEPARATORS, PREFIXES[:2])
    ]
    climbing += [f"{prefix}{up}/{inside_work}" for up in UPS for prefix in PREFIXES]
    climbing += [f"{prefix}../../../{inside_work}" for prefix in PREFIXES]
    return list(dict.fromkeys(climbing + _absolute(outside) + _odd(inside_work)))


def _absolute(outside: str) -> list[str]:
    return [
        outside, f"/{outside}", f"//{outside}", f"///{outside}", f"file://{outside}", f"file:{outside}", f"\\{outside}",
        outside.replace("/", "\\"), f"C:{outside}", f"C:\\{outside}", f"c:/{outside}", f"\\\\?\\{outside}",
        f"//localhost{outside}", f"\\\\localhost\\c${outside}", f"~{outside}", "~/secret.jpg", "~root/secret.jpg",
        quote(outside, safe=""), quote(quote(outside, safe=""), safe=""), f"captures{outside}", f"captures/{outside}",
        f"./{outside}", f"{outside}\0.jpg", f"{outside}%00.jpg", f"{ROOT_AGAIN}{outside}",
        f"/proc/self/cwd{outside}",
        f"{ROOT_AGAIN}/{outside}", "/etc/passwd", "/etc/passwd\0.jpg", "/proc/self/environ", "/dev/stdin",
        "/dev/zero",
        f" {outside}", f"{outside} ", f"\t{outside}", f"${{HOME}}{outside}", f"$HOME{outside}", f"`echo {outside}`",
    ]  # fmt: skip


def _odd(inside_work: str) -> list[str]:
    dots = ["." * count for count in (1, 2, 3, 4, 5, 100)]
    links = [
        "leak.jpg",
        "leak_folder/secret.jpg",
        "leak_folder/../secret.jpg",
        "leak_root",
        "leak_chain.jpg",
        "circle.jpg",
    ]
    hidden = [".hidden.jpg", ".trash/x.jpg", ".thumbnails/x.jpg", "photometric_sets/.trash/x.jpg", "leak_hidden.jpg"]
    long = ["a" * count for count in (256, 4096, 5000, 70000)] + ["a/" * count for count in (500, 2100, 40000)]
    long += ["../" * count + inside_work for count in (10, 100, 1000, 2000)]
    ends = [
        "",
        " ",
        "/",
        "//",
        "\\",
        "\0",
        "\n",
        "\x7f",
        "*",
        "?",
        "[a-z].jpg",
        "good/..",
        "good/.",
        "good/",
        "./",
        "%",
    ]
    control = [f"good{chr(code)}" for code in range(32)] + [f"{chr(code)}ok.jpg" for code in range(32)]
    inner = [
        f"good/{name}" for name in ("leak.jpg", ".hidden.jpg", "manifest.json", "text.txt", "link_to_manifest.jpg")
    ]
    listed = dots + links + hidden + long + ends + control + inner
    prefixed = [f"{prefix}{one}" for prefix in PREFIXES[1:] for one in [*dots, *links, *hidden, *inner, *ends]]
    return listed + prefixed
