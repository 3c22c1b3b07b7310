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


def calendar(part):
    return {
        "method": part.get_param("method"),
        "charset": part.get_content_charset(),
        "disposition": part.get_content_disposition(),
        "text": part.get_payload(decode=True).decode("utf-8"),
    }


def look(path):
    with open(path, "rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    plain = message.get_body(preferencelist=("plain",))
    return {
        "defects": [d for part in message.walk() for d in defects(part)],
        "headers": [[name, str(value)] for name, value in message.items()],
        "parts": [part.get_content_type() for part in message.walk()],
        "charset": plain.get_content_charset(),
        "from_name": message["From"].addresses[0].display_name,
        "to": [a.addr_spec for a in message["To"].addresses],
        "body": plain.get_content(),
        "calendars": [calendar(part) for part in message.walk() if part.get_content_type() == "text/calendar"],
    }


json.dump([look(path) for path in sys.argv[1:]], sys.stdout)
