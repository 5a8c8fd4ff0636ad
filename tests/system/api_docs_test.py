#!/usr/bin/env python3
"""docs/api.md and docs/openapi.yaml against a running rastrod: routes and parameters, the fields of answers, and the
examples, which are run as they stand."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rastrod import CHECKOUT, SKIPPED, Rastrod

API_MD = (CHECKOUT / "docs/api.md").read_text()
SAMPLE = CHECKOUT / "tests/logs/sample/postfix.log"

failures: list[str] = []


def expect(holds: bool, what: str) -> None:
    if not holds:
        failures.append(what)


def openapi_routes(text: str) -> dict[tuple[str, str], dict]:
    """(method, path) -> parameters in the query and role; reads just the layout that docs/openapi.yaml keeps."""
    routes: dict[tuple[str, str], dict] = {}
    path = route = None
    for line in text[text.index("\npaths:"):text.index("\ncomponents:")].splitlines():
        if found := re.fullmatch(r"  (/\S*):", line):
            path = found[1]
        elif found := re.fullmatch(r"    (get|post):", line):
            route = routes[(found[1].upper(), path)] = {"parameters": set(), "role": None, "heeds_language": False}
        elif found := re.match(r"        - \{name: (\w+), in: query,", line):
            route["parameters"].add(found[1])
        elif "#/components/parameters/AcceptLanguage" in line:
            route["heeds_language"] = True
        elif found := re.match(r"      x-role: (\w+)", line):
            route["role"] = found[1]
    return routes


def required_of(schema: str) -> set[str]:
    text = (CHECKOUT / "docs/openapi.yaml").read_text()
    found = re.search(rf"\n    {schema}:\n      type: object\n(?:      nullable: true\n)?      required: \[([^\]]*)\]", text)
    return {name.strip() for name in found[1].split(",")}


def check_routes(daemon: Rastrod) -> None:
    served = {(route["method"], route["path"]): route for route in daemon.get("/v1")[1]["routes"]}
    documented = openapi_routes((CHECKOUT / "docs/openapi.yaml").read_text())
    expect(set(served) == set(documented), f"openapi.yaml and the daemon differ in {set(served) ^ set(documented)}")
    for key in set(served) & set(documented):
        expect(set(served[key]["parameters"]) == documented[key]["parameters"],
               f"{key}: parameters differ in {set(served[key]['parameters']) ^ documented[key]['parameters']}")
        expect(documented[key]["heeds_language"] == ("lang" in documented[key]["parameters"]),
               f"{key}: Accept-Language goes with lang")
        expect(served[key]["role"] == documented[key]["role"], f"{key}: role {served[key]['role']}")
        expect(key[1].replace("/v1", "", 1) in API_MD or key[1] in API_MD, f"api.md does not name {key[1]}")
        for parameter in served[key]["parameters"]:
            expect(f"`{parameter}`" in API_MD or f"`{parameter}=" in API_MD, f"{key}: api.md does not name `{parameter}`")


def expect_fields(seen, schema: str) -> None:
    expect(set(seen) == required_of(schema), f"{schema}: {set(seen) ^ required_of(schema)}")


def check_bounce(daemon: Rastrod, journeys: list[dict]) -> None:
    """A bounce of a message of the sample."""
    bounced = next(journey for journey in journeys if journey["counts"].get("bounced"))
    recipient = next(one["recipient"] for one in bounced["recipients"] if one["outcome"] == "bounced")
    text = (f"This is the mail system at host mx.example.org.\n\n<{recipient}>: host mx.example.com[192.0.2.1] said: 550 5.1.1\n"
            f"    <{recipient}>: Recipient address rejected: User unknown (in reply to RCPT TO command)\n\n"
            f"X-Postfix-Queue-ID: {bounced['legs'][0]['queue_id']}\nMessage-ID: <{bounced['message_id']}>\n")
    answer = daemon.get("/v1/bounce", post=text.encode())[1]
    expect_fields(answer, "Bounce")
    for name, schema in (("recipients", "BounceRecipient"), ("queue_ids", "BounceQueueId"), ("journeys", "BounceJourney")):
        expect(bool(answer[name]), f"{schema}: there is none in {answer}")
        for one in answer[name]:
            expect_fields(one, schema)
    for journey in answer["journeys"]:
        for fact in journey["because"]:
            expect_fields(fact, "BounceFact")


def check_fields(daemon: Rastrod) -> None:
    found = daemon.get("/v1/journeys?limit=5")[1]
    expect(set(found) == required_of("JourneyList"), f"JourneyList: {set(found) ^ required_of('JourneyList')}")
    for item in found["items"]:
        expect(set(item["journey"]) == required_of("Journey"), f"Journey: {set(item['journey']) ^ required_of('Journey')}")
    parts = ((("recipients",), "Recipient"), (("recipients", "explanation"), "Explanation"), (("recipients", "relay"), "Host"),
             (("legs",), "Leg"), (("legs", "recipients"), "LegRecipient"), (("links",), "Link"), (("timeline",), "TimelineEntry"), (("accepted",), "Accepted"),
             (("submission",), "Submission"), (("evidence",), "Evidence"))
    journeys = [item["journey"] for item in daemon.get("/v1/journeys?limit=1000")[1]["items"]]
    for path, schema in parts:
        seen = journeys
        for name in path:
            seen = [part for whole in seen for part in (whole[name] if isinstance(whole[name], list) else [whole[name]])
                    if part is not None]
        expect(bool(seen), f"{schema}: the sample has none")
        for one in seen:
            expect(set(one) == required_of(schema), f"{schema}: {set(one) ^ required_of(schema)}")
    for path, schema in (("/v1/summary", "SummaryRow"), ("/v1/deferrals", "DeferralRow")):
        for row in daemon.get(path)[1]["rows"]:
            expect(set(row) == required_of(schema), f"{schema}: {set(row) ^ required_of(schema)}")
    for source in daemon.get("/v1/coverage")[1]["sources"]:
        expect(set(source) == required_of("SourceRead"), f"SourceRead: {set(source)}")
    check_bounce(daemon, journeys)
    status = daemon.get("/v1/status?lines=1")[1]
    expect_fields(status.keys() - {"programs"}, "Status")
    expect_fields(status["lines"], "StatusLines")
    for program in status["programs"]:
        expect_fields(program, "StatusProgram")
    spanish = daemon.get("/v1/journeys?limit=1", headers={"Accept-Language": "es-MX,en;q=0.5"})[1]
    expect(spanish["items"][0]["journey"]["recipients"][0]["explanation"]["lang"] == "es", "Accept-Language is not heeded")
    asked = daemon.get("/v1/journeys?at=hace%20rato&recipient=juan%20(at)%20example.org")[1]["read_as"]
    expect({one["parameter"] for one in asked} == {"at", "recipient"}, f"read_as: {asked}")
    for path, schema in (("/v1/summary", "Summary"), ("/v1/deferrals", "Deferrals")):
        fields = set(daemon.get(path)[1])
        expect(fields == required_of(schema), f"{schema}: {fields ^ required_of(schema)}")
    fields = set(daemon.get("/v1/coverage")[1])
    expect(fields == required_of("Coverage"), f"Coverage: {fields ^ required_of('Coverage')}")
    status, problem = daemon.get("/v1/journeys?outcome=lost")
    expect(status == 400 and problem["parameter"] == "outcome", f"problem: {problem}")
    for path in ("/v1/nothing", "/v1/journeys/nothing-like-it", "/v1/journeys?nothing=1", "/v1/journeys?at=soon", "/v1/summary?by=x",
                 "/v1/coverage?since=soon", "/v1/journeys?tz=Nowhere", "/v1/journeys?lang=fr", "/v1/status?lines=9"):
        status, problem = daemon.get(path)
        expect(status in (400, 404) and set(problem) - {"parameter"} == required_of("Problem"), f"{path}: {status} {problem}")


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", API_MD[API_MD.index("\n## Examples"):], re.DOTALL)


def check_without_daemon(program: str, file: Path, workdir: Path) -> None:
    done = subprocess.run([program, str(file)], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "RASTRO_SOCKET": str(workdir / "nobody.sock")})
    expect(done.returncode != 0 and "rastrod does not answer" in done.stdout + done.stderr,
           f"{file.name} without a daemon: exit {done.returncode}: {done.stdout}{done.stderr}")


def run_examples(daemon: Rastrod, workdir: Path) -> bool:
    """False: one language is not installed here."""
    all_there = True
    for language, program, suffix in (("sh", "bash", ".sh"), ("python", sys.executable, ".py"), ("php", "php", ".php")):
        blocks = examples(language)
        expect(bool(blocks), f"api.md has no example in {language}")
        if shutil.which(program) is None:
            print(f"SKIPPED: {program} is not installed")
            all_there = False
            continue
        for number, block in enumerate(blocks):
            file = workdir / f"example{number}{suffix}"
            file.write_text(block)
            done = subprocess.run([program, str(file)], capture_output=True, text=True, timeout=60,
                                  env={**os.environ, "RASTRO_SOCKET": str(daemon.socket)})
            expect(done.returncode == 0 and done.stdout.strip() != "",
                   f"example in {language}: exit {done.returncode}: {done.stdout}{done.stderr}")
            if language != "sh":
                check_without_daemon(program, file, workdir)
            if language == "sh" and done.returncode == 0:
                expect(bool(json.loads(done.stdout)["items"]), "the curl example finds nothing")
    return all_there


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="rastro-") as directory:
        workdir = Path(directory)
        log = workdir / "mail.log"
        log.write_bytes(subprocess.run([sys.executable, str(CHECKOUT / "scripts/replay_now.py"), str(SAMPLE)],
                                       capture_output=True, check=True).stdout)
        with Rastrod(workdir, [log]) as daemon:
            daemon.wait_read()
            check_routes(daemon)
            check_fields(daemon)
            all_there = run_examples(daemon, workdir)
    for failure in failures:
        print("FAILED:", failure)
    if failures:
        return 1
    return 0 if all_there else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
