"""Holds rastro's answers against the truth of a scenario (mta/scenario.py says what a truth is).

`differences(truth, journeys)` returns one sentence for each thing that rastro tells differently. Only what the two
ends of the line know is compared: who sent, who should get it, what became of it, what the other side said.
"""


def _same_address(one: str | None, other: str | None) -> bool:
    """As DESIGN's glossary has addresses: the domain without regard to case. MTAs lower a local user's name."""
    return (one or "").casefold() == (other or "").casefold()


def _bare(message_id: str | None) -> str:
    return (message_id or "").strip().strip("<>")


def _words(text: str) -> str:
    return " ".join(text.split())


def journeys_of(message: dict, journeys: list[dict]) -> list[dict]:
    """Those that may be this message: by queue id, by Message-ID, or, when it was refused, by its envelope."""
    if queue_id := message["queue_id"]:
        found = [j for j in journeys if any(leg["queue_id"] == queue_id for leg in j["legs"])]
        # Short ids are reused within a second: the Message-ID tells which, if both have one.
        wanted = _bare(message["message_id"])
        same = [j for j in found if wanted and _bare(j["message_id"]) == wanted]
        return same or found
    if message["accepted"] and message["message_id"]:
        return [j for j in journeys if _bare(j["message_id"]) == _bare(message["message_id"]) and j["envelope_sender"] != ""]
    wanted = {to["recipient"].casefold() for to in message["recipients"]}
    return [j for j in journeys if _same_address(j["envelope_sender"], message["envelope_sender"])
            and wanted & {to["recipient"].casefold() for to in j["recipients"]}]


def _recipient(journey: dict, wanted: dict) -> list[dict]:
    found = [to for to in journey["recipients"] if _same_address(to["recipient"], wanted["recipient"])]
    if not found and wanted["original_recipient"]:
        # Exim logs a local delivery's local part only, "=> juan <info@example.org>".
        local_part = wanted["recipient"].partition("@")[0]
        found = [to for to in journey["recipients"] if _same_address(to["recipient"], local_part)]
    if len(found) > 1 and wanted["original_recipient"]:
        found = [to for to in found if _same_address(to["original_recipient"], wanted["original_recipient"])]
    return found


def _recipient_differences(journey: dict, wanted: dict) -> list[str]:
    about = f"{journey['id']} to {wanted['recipient']}"
    found = _recipient(journey, wanted)
    if len(found) != 1:
        return [f"{about}: told {len(found)} times"]
    got, out = found[0], []
    if got["outcome"] != wanted["outcome"]:
        out.append(f"{about}: {got['outcome']}, in truth {wanted['outcome']}")
    if wanted["delivered_to"] and got["delivered_to"] != wanted["delivered_to"]:
        out.append(f"{about}: delivered to {got['delivered_to']}, in truth {wanted['delivered_to']}")
    if wanted["original_recipient"] and not _same_address(got["original_recipient"], wanted["original_recipient"]):
        out.append(f"{about}: original recipient {got['original_recipient']}, in truth {wanted['original_recipient']}")
    if wanted["times_asked"] and got["attempts"] < 1:
        out.append(f"{about}: no attempt told, in truth another server was asked")
    out += _reply_differences(about, got, wanted)
    return out


def _reply_differences(about: str, got: dict, wanted: dict) -> list[str]:
    """The last thing the other side said must stand in the answer, with its code."""
    said = [reply for reply in wanted["remote_replies"] if reply]
    if wanted["outcome"] == "rejected":
        said = [wanted["reply"]] if wanted["reply"] and wanted["reply"][0] in "45" else []
    if not said or wanted["delivered_to"] not in (None, "remote") or wanted["outcome"] not in ("bounced", "deferred", "rejected", "delivered"):
        return []
    last, out = said[-1], []
    if got["reply_code"] is not None and str(got["reply_code"]) != last[:3]:
        out.append(f"{about}: reply code {got['reply_code']}, in truth {last[:3]}")
    text = _words(got["reply_text"] or "")
    for line in last[4:].split("\n"):
        if wanted["outcome"] != "delivered" and _words(line)[:120] not in text:
            out.append(f"{about}: reply {text!r} lacks {line!r}")
    return out


def _bounce_differences(message: dict, journey: dict, journeys: list[dict]) -> list[str]:
    children = [link for link in journey["links"] if link["kind"] == "bounce" and link["direction"] == "child"]
    if message["bounce"] is None:
        return [f"{journey['id']}: a bounce is told, there was none"] if children else []
    if len(children) != 1:
        return [f"{journey['id']}: {len(children)} bounce children, in truth one"]
    wanted, child = message["bounce"], children[0]
    if child["outcome"] is not None and child["outcome"] != wanted["outcome"]:
        return [f"{journey['id']}: its bounce was {child['outcome']}, in truth {wanted['outcome']}"]
    told = [j for j in journeys if any(leg["queue_id"] == child["queue_id"] for leg in j["legs"])]
    if len(told) != 1:
        return [f"{journey['id']}: the bounce {child['queue_id']} is told {len(told)} times"]
    if told[0]["envelope_sender"] not in ("", None) and told[0]["id"] != journey["id"]:
        return [f"{journey['id']}: the bounce has the sender {told[0]['envelope_sender']}"]
    ends = [to["outcome"] for to in told[0]["recipients"] if _same_address(to["recipient"], wanted["recipient"])]
    return [] if wanted["outcome"] in ends else [f"{journey['id']}: the bounce to {wanted['recipient']} ended {ends}, in truth {wanted['outcome']}"]


def _submission_differences(message: dict, journey: dict) -> list[str]:
    wanted, got, out = message["submission"], journey["submission"], []
    for name in ("method", "login", "client_ip"):
        if wanted[name] is not None and got[name] != wanted[name]:
            out.append(f"{journey['id']}: submission {name} {got[name]}, in truth {wanted[name]}")
    return out


def _journey_differences(message: dict, journey: dict, journeys: list[dict]) -> list[str]:
    out = []
    if message["envelope_sender"] is not None and not _same_address(journey["envelope_sender"], message["envelope_sender"]):
        out.append(f"{journey['id']}: sender {journey['envelope_sender']}, in truth {message['envelope_sender']}")
    for wanted in message["recipients"]:
        out += _recipient_differences(journey, wanted)
    return out + _submission_differences(message, journey) + _bounce_differences(message, journey, journeys)


def message_differences(message: dict, journeys: list[dict]) -> list[str]:
    name = message["message_id"] or message["queue_id"] or message["envelope_sender"]
    found = journeys_of(message, journeys)
    if not found:
        return [f"{name}: not found"]
    if message["accepted"] and len(found) != 1:
        return [f"{name}: found {len(found)} times: {[journey['id'] for journey in found]}"]
    # Mails refused under one envelope have no name that tells them apart: one of them must be this one.
    tried = [_journey_differences(message, journey, journeys) for journey in found]
    return [f"{name}: {text}" for text in min(tried, key=len)]


def differences(truth: dict, journeys: list[dict]) -> list[str]:
    return [text for message in truth["messages"] for text in message_differences(message, journeys)]
