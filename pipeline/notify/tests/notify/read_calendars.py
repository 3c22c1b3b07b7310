"""Reads the calendar part of mails with four parsers that know nothing of each other, and prints what each sees, as JSON.

A clock is told as the instant that the parser makes of it with the zone's rules in the file, and as the wall clock in Oslo.
"""

import email
import email.policy
import json
import multiprocessing
import sys
from datetime import datetime, timezone
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import ical.calendar_stream
import icalendar
import ics
import vobject

OSLO = ZoneInfo("Europe/Oslo")


def instant(at):
    assert at.tzinfo is not None, at
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def wall(at):
    return at.astimezone(timezone.utc).astimezone(OSLO).strftime("%Y-%m-%dT%H:%M:%S")


def fields(method, uid, sequence, stamp, modified, start, end, summary, description, status, klass, transparency, organizer, attendees):
    return {
        "method": str(method),
        "uid": str(uid),
        "sequence": int(sequence),
        "stamp": instant(stamp),
        "modified": instant(modified),
        "start": instant(start),
        "end": instant(end),
        "wall": [wall(start), wall(end)],
        "summary": str(summary),
        "description": str(description),
        "status": str(status),
        "class": str(klass),
        "transparency": str(transparency),
        "organizer": unquote(str(organizer)),
        "attendees": [unquote(str(a)) for a in attendees],
    }


def by_icalendar(text):
    calendar = icalendar.Calendar.from_ical(text)
    [event] = calendar.walk("VEVENT")
    [zone] = calendar.walk("VTIMEZONE")
    # Its own zone data first; here the rules in the file are what is judged.
    rules = zone.to_tz(lookup_tzid=False)

    def at(name):
        found = event[name].dt
        return found.replace(tzinfo=rules) if "TZID" in event[name].params else found

    attendees = event.get("ATTENDEE", [])
    attendees = attendees if isinstance(attendees, list) else [attendees]
    return fields(
        calendar["METHOD"], event["UID"], event["SEQUENCE"], event["DTSTAMP"].dt, event["LAST-MODIFIED"].dt, at("DTSTART"), at("DTEND"),
        event["SUMMARY"], event["DESCRIPTION"], event["STATUS"], event["CLASS"], event["TRANSP"], event["ORGANIZER"], attendees,
    )


def by_vobject(text):
    calendar = vobject.readOne(text)
    event = calendar.vevent
    return fields(
        calendar.method.value, event.uid.value, event.sequence.value, event.dtstamp.value, event.last_modified.value,
        event.dtstart.value, event.dtend.value, event.summary.value, event.description.value, event.status.value,
        event.contents["class"][0].value, event.transp.value,
        event.organizer.value, [a.value for a in event.contents.get("attendee", [])],
    )


def by_ics(text):
    calendar = ics.Calendar(text)
    [event] = calendar.events
    rest = {line.name: line.value for line in event.extra}
    return fields(
        calendar.method, event.uid, rest["SEQUENCE"], event.created.datetime, event.last_modified.datetime, event.begin.datetime,
        event.end.datetime, event.name, event.description, event.status, event.classification,
        "TRANSPARENT" if event.transparent else "OPAQUE", "mailto:" + str(event.organizer.email).removeprefix("mailto:"),
        ["mailto:" + str(a.email).removeprefix("mailto:") for a in event.attendees],
    )


def by_ical(text):
    calendar = ical.calendar_stream.IcsCalendarStream.calendar_from_ics(text)
    [event] = calendar.events
    return fields(
        calendar.method, event.uid, event.sequence, event.dtstamp, event.last_modified, event.dtstart, event.dtend, event.summary,
        event.description, event.status.value, event.classification.value, event.transparency, event.organizer.uri,
        [a.uri for a in event.attendees],
    )


def look(path):
    with open(path, "rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    [part] = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    text = part.get_payload(decode=True).decode("utf-8")
    readers = {"icalendar": by_icalendar, "vobject": by_vobject, "ics": by_ics, "ical": by_ical}
    return {name: read(text) for name, read in readers.items()}


if __name__ == "__main__":
    # The grammar under `ics` goes one level deeper with each file, and stops its process after some fifty: each gets few.
    with multiprocessing.Pool(2, maxtasksperchild=8) as readers:
        json.dump(readers.map(look, sys.argv[1:], chunksize=1), sys.stdout)
