"""Reads mails with Python's own e-mail parser and prints what a mail program would see, as JSON."""

import email
import email.policy
import json
import sys


def defects(part):
    found = [type(d).__name__ for d in part.defects]
    for name, value in part.items():
        found += [f"{name}: {type(d).__name__}" for d in value.defects]
    return found


def look(path):
    with open(path, "rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    return {
        "defects": [d for part in message.walk() for d in defects(part)],
        "headers": [[name, str(value)] for name, value in message.items()],
        "parts": [part.get_content_type() for part in message.walk()],
        "charset": message.get_content_charset(),
        "from_name": message["From"].addresses[0].display_name,
        "to": [a.addr_spec for a in message["To"].addresses],
        "body": message.get_content() if message.get_content_type() == "text/plain" else "",
    }


json.dump([look(path) for path in sys.argv[1:]], sys.stdout)
