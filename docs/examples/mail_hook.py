"""Send what a hook is told as an e-mail: python mail_hook.py HOST[:PORT] FROM TO [PASSWORD_FILE].

With a password the connection is encrypted, and FROM is who logs in.
"""

import json
import smtplib
import ssl
import sys
from email.message import EmailMessage
from pathlib import Path


def main() -> None:
    """Read an event from the standard input and send it."""
    host, sender, receiver, *password_file = sys.argv[1:]
    told = json.load(sys.stdin)
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, receiver
    mail["Subject"] = f"{told['station']}: {told['title']}"
    mail["Message-ID"] = f"<{told['id']}@tetherlight>"
    mail.set_content(f"{told['message']}\n\n{json.dumps(told['data'], indent=2)}\n")
    try:
        with smtplib.SMTP(host, timeout=20) as server:
            if password_file:
                server.starttls(context=ssl.create_default_context())
                server.login(sender, Path(password_file[0]).read_text(encoding="utf-8").strip())
            server.send_message(mail)
    except OSError as error:
        print(error, file=sys.stderr)
        sys.exit(75)  # not now: the hook tries again


main()
