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
            route = routes[(found[1].upper(), path)] = {"parameters": set(), "role": None}
        elif found := re.match(r"        - \{name: (\w+), in: query,", line):
            route["parameters"].add(found[1])
        elif found := re.match(r"      x-role: (\w+)", line):
            route["role"] = found[1]
    return routes


def required_of(schema: str) -> set[str]:
    text = (CHECKOUT / "docs/openapi.yaml").read_text()
    found = re.search(rf"\n    {schema}:\n      type: object\n      required: \[([^\]]*)\]", text)
    return {name.strip() for name in found[1].split(",")}


def check_routes(daemon: Rastrod) -> None:
    served = {(route["method"], route["path"]): route for route in daemon.get("/v1")[1]["routes"]}
    documented = openapi_routes((CHECKOUT / "docs/openapi.yaml").read_text())
    expect(set(served) == set(documented), f"openapi.yaml and the daemon differ in {set(served) ^ set(documented)}")
    for key in set(served) & set(documented):
        expect(set(served[key]["parameters"]) == documented[key]["parameters"],
               f"{key}: parameters differ in {set(served[key]['parameters']) ^ documented[key]['parameters']}")
        expect(served[key]["role"] == documented[key]["role"], f"{key}: role {served[key]['role']}")
        expect(key[1].replace("/v1", "", 1) in API_MD or key[1] in API_MD, f"api.md does not name {key[1]}")
        for parameter in served[key]["parameters"]:
            expect(f"`{parameter}`" in API_MD or f"`{parameter}=" in API_MD, f"{key}: api.md does not name `{parameter}`")


def check_fields(daemon: Rastrod) -> None:
    found = daemon.get("/v1/journeys?limit=5")[1]
    expect(set(found) == required_of("JourneyList"), f"JourneyList: {set(found) ^ required_of('JourneyList')}")
    for item in found["items"]:
        expect(set(item["journey"]) == required_of("Journey"), f"Journey: {set(item['journey']) ^ required_of('Journey')}")
    for path, schema in (("/v1/summary", "Summary"), ("/v1/deferrals", "Deferrals")):
        fields = set(daemon.get(path)[1])
        expect(fields == required_of(schema), f"{schema}: {fields ^ required_of(schema)}")
    expect(required_of("Coverage") <= set(daemon.get("/v1/coverage")[1]), "Coverage: a field is missing")
    status, problem = daemon.get("/v1/journeys?outcome=lost")
    expect(status == 400 and problem["parameter"] == "outcome", f"problem: {problem}")


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", API_MD[API_MD.index("\n## Examples"):], re.DOTALL)


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
