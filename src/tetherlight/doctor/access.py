"""Who may do what at a server, and what a rig runs and tells by itself."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from tetherlight.errors import InvalidSetting
from tetherlight.protocol.server import Finding
from tetherlight.rigfile.hooks import HookTable
from tetherlight.rigfile.rigfile import RigFile
from tetherlight.settings import Settings
from tetherlight.tokens import Tokens


def check_tokens(settings: Settings) -> Iterator[Finding]:
    """Tell how many tokens there are; and where their file cannot be read, or others can read or change it."""
    tokens = Tokens.beside(settings.state_dir)
    try:
        found = tokens.all()
        mode = stat.S_IMODE(tokens.path.stat().st_mode) if tokens.path.exists() else 0
    except (InvalidSetting, OSError) as error:
        hint = getattr(error, "hint", None)
        yield Finding(check="tokens", level="error", message=str(error), remedy=hint)
        return
    if mode & 0o077:
        message = f"Others may read or change {tokens.path}, which says who may use the rig."
        yield Finding(check="tokens", level="warning", message=message, remedy=f"chmod 600 {tokens.path}")
    elif found:
        # Not by name: whoever may look at the rig may ask for this.
        yield Finding(check="tokens", level="ok", message=f"Beside API_TOKEN there are tokens: {len(found)}.")


def check_hooks(rig_file: RigFile) -> Iterator[Finding]:
    """Tell where a hook cannot work: its program or a secret of it is not there."""
    for name, hook in rig_file.hooks.items():
        if (fault := _fault(hook)) is not None:
            message, remedy = f"Hook '{name}': {fault}.", f"tetherlight hooks test {name}"
            yield Finding(check="hooks", level="warning", message=message, remedy=remedy)


def _fault(hook: HookTable) -> str | None:
    if hook.command is not None and shutil.which(hook.command[0]) is None:
        return "its program is not there, or may not be run"
    for what, file in (("secret", hook.secret_file), ("token", hook.token_file)):
        if file is not None and not os.access(Path(file), os.R_OK):
            return f"the file with its {what} cannot be read"
    for what, variable in (("secret", hook.secret_env), ("token", hook.token_env)):
        if variable is not None and not os.environ.get(variable):
            return f"the variable with its {what} is not set here"
    return None
