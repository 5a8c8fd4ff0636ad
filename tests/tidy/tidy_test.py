#!/usr/bin/env python3
"""Rules of the source that no compiler checks. usage: tidy_test.py FILE with "folder: what it may use" a line."""

import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINES_MAX = 800
LAYERS: dict[str, set[str]] = {}

PRODUCT = ("core/", "config/", "parsers/", "store/", "daemon/", "cli/")


def files(*suffixes: str) -> list[str]:
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True)
    if listed.returncode == 0 and listed.stdout:
        names = listed.stdout.splitlines()
    else:  # a tarball
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file() and "build" not in path.relative_to(ROOT).parts]
    return [name for name in names if name.endswith(suffixes) and (ROOT / name).exists()]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def code(name: str) -> str:
    """Without comments; strings stay."""
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", text(name), flags=re.S)


def product() -> list[str]:
    return [name for name in files(".cc", ".h") if name.startswith(PRODUCT)]


def folder_of(name: str) -> str | None:
    """The target that a file belongs to: the longest folder that has one."""
    parts = name.split("/")[:-1]
    while parts:
        if "/".join(parts) in LAYERS:
            return "/".join(parts)
        parts.pop()
    return None


class Layering(unittest.TestCase):
    def test_a_folder_includes_only_what_it_depends_on(self):
        wrong = []
        for name in product():
            mine = folder_of(name)
            if name.endswith("/main.cc"):
                continue  # a program may use all
            for included in re.findall(r'^#include "([^"]+)"', text(name), re.M):
                other = folder_of(included)
                if mine and other and other != mine and other not in LAYERS[mine]:
                    wrong.append(f"{name} includes {included}: {mine} may use {sorted(LAYERS[mine])}")
        self.assertEqual(wrong, [])

    def test_there_is_something_to_check(self):
        self.assertGreaterEqual(len(LAYERS), 8)
        self.assertGreater(len(product()), 100)

    def only_in(self, pattern: str, allowed: str) -> None:
        found = [name for name in product() if re.search(pattern, code(name)) and not re.match(allowed, name)]
        self.assertEqual(found, [], f"{pattern} belongs in {allowed}")

    def test_who_may_use_what(self):
        self.only_in(r"<sqlite3\.h>", r"store/sqlite\.(h|cc)$")
        self.only_in(r"spdlog::", r"daemon/|cli/")
        self.only_in(r"std::regex|<regex>", r"$^")
        self.only_in(r"RE2", r"parsers/|daemon/")
        self.only_in(r"std::(mutex|shared_mutex|condition_variable)", r"core/bounded_queue\.h|store/|daemon/source/raw_lines")
        self.only_in(r"system_clock::now|std::time\(|\bmktime\(|\blocaltime", r"core/clock\.h|cli/|daemon/log_origin|daemon/explain/explain")  # the last two show times
        self.only_in(r"\b_exit\(|std::quick_exit", r"cli/")
        self.only_in(r"std::system\(|::popen\(|[ (]popen\(", r"$^")


def types_of(name: str) -> list[str]:
    """What it defines outside of unnamed namespaces, each with its namespace in front."""
    found, spaces = [], []
    for line in text(name).splitlines():
        if opened := re.match(r"^namespace ?([\w:]*) ?{", line):
            spaces.append(opened[1])
        elif line.startswith("}  // namespace"):
            spaces.pop()
        elif "" not in spaces and (defined := re.match(r"^(?:struct|class|union) (\w+)(?: final)?(?: :.*)? {", line)):
            found.append("::".join([*spaces, defined[1]]))
    return found


class Names(unittest.TestCase):
    def test_no_two_types_of_a_program_have_one_name(self):
        # The linker would take the functions of one for those of the other.
        first, wrong = {}, []
        for name in product():
            for type_name in types_of(name):
                other = first.setdefault(type_name, name)
                apart = "cli" in (folder_of(name), folder_of(other)) and not {folder_of(name), folder_of(other)} <= LAYERS["cli"] | {"cli"}
                if other != name and not apart:
                    wrong.append(f"{type_name}: {other} and {name}")
        self.assertEqual(wrong, [])
        self.assertGreater(len(first), 300, "the search for types finds too few")


class Sizes(unittest.TestCase):
    def test_no_file_is_too_long(self):
        # Tables and generated lists are data (.inc, .cases).
        long = {name: lines for name in files(".cc", ".h", ".py") if (lines := text(name).count("\n")) > LINES_MAX}
        self.assertEqual(long, {}, f"more than {LINES_MAX} lines")


class Sql(unittest.TestCase):
    def test_no_sql_is_made_of_data(self):
        wrong = []
        for name in product():
            for call in re.findall(r"sqlite3_exec\(([^;]*);", code(name), re.S):
                if name != "store/sqlite.cc":
                    wrong.append(f"{name}: sqlite3_exec({call.strip()[:60]}")
            for argument in re.findall(r"[.>]exec\(\s*([^;]{0,80})", code(name), re.S):
                if not argument.startswith(('"', 'R"', "k")):
                    wrong.append(f"{name}: exec({argument.strip()[:60]}")
        self.assertEqual(wrong, [])


class Docs(unittest.TestCase):
    def test_every_setting_is_in_the_manual(self):
        manual, wrong, sections = text("docs/man/rastro.yaml.5.md"), [], []
        for line in text("config/rastro.yaml").splitlines():
            if not (found := re.match(r"^( *)(?:- )?([a-z_]+):(.*)$", line)):
                continue
            indent, key, value = len(found[1]), found[2], found[3].split("#")[0].strip()
            sections = sections[:indent // 2]
            name = ".".join([*sections, key]) if sections and sections[0] != "sources" else key
            if value in ("", "|"):
                sections.append(key)
                if key != "sources":
                    continue
            if f"**{name}**" not in manual:
                wrong.append(name)
        self.assertEqual(wrong, [], "not in docs/man/rastro.yaml.5.md")

    def named_in(self, names: set[str], documents: list[str], least: int) -> None:
        self.assertGreaterEqual(len(names), least, "the search for names finds too few")
        docs = "\n".join(text(name) for name in documents)
        self.assertEqual(sorted(name for name in names if name not in docs), [], f"not in {documents}")

    def test_every_route_is_documented(self):
        routes = {route for name in product() if name.startswith("daemon/http/")
                  for route in re.findall(r'"(/v1/[a-z_/]+|/healthz|/metrics)"', code(name))}
        self.named_in({route.rstrip("/") for route in routes}, ["docs/api.md"], 4)

    def test_every_metric_is_documented(self):
        metrics = {metric for name in product() for metric in re.findall(r'"(rastro_[a-z0-9_]+)"', code(name))}
        self.named_in(metrics, ["docs/metrics.md"], 5)

    def test_every_reason_is_documented(self):
        table = re.search(r"kNames\w* *=? *\{(.*?)\};", code("core/reason.cc"), re.S)
        self.assertIsNotNone(table)
        self.named_in(set(re.findall(r'"([a-z_]+)"', table[1])), ["docs/reasons.md"], 28)

    def test_every_decision_has_its_number(self):
        numbers = [name.split("/")[-1][:4] for name in files(".md") if name.startswith("docs/adr/")]
        self.assertEqual(sorted(set(numbers)), sorted(numbers), "two decisions under one number")

    def test_links_lead_somewhere(self):
        wrong = []
        for name in files(".md"):
            for target in re.findall(r"\]\(([^)#\s]+)", text(name)):
                if "://" not in target and not target.startswith("mailto:") and not ((ROOT / name).parent / target).exists():
                    wrong.append(f"{name}: {target}")
        self.assertEqual(wrong, [])


class Tests(unittest.TestCase):
    def test_unit_tests_do_not_sleep(self):
        # bounded_queue_test waits for another thread; it has no clock to inject.
        wrong = [name for name in files(".cc") if name.startswith("tests/") and re.search(r"sleep_(for|until)|\busleep\(", code(name))]
        self.assertEqual(wrong, [])

    def test_no_test_is_switched_off(self):
        wrong = [name for name in files(".cc", ".py") if name.startswith("tests/") and name != "tests/tidy/tidy_test.py"
                 and re.search(r"\bDISABLED_|#if 0\b|@unittest\.skip\(", text(name))]
        self.assertEqual(wrong, [])

    def test_a_lint_exception_says_why(self):
        wrong = [f"{name}: {line.strip()}" for name in files(".cc", ".h") for line in text(name).splitlines()
                 if "NOLINT" in line and not re.search(r"NOLINT(NEXTLINE|BEGIN|END)?\([a-z0-9.,*-]+\).{8,}", line) and "NOLINTEND" not in line]
        self.assertEqual(wrong, [])

    def test_fixtures_name_no_real_mail_domain(self):
        allowed = re.compile(r"(^|\.)(example(\.[a-z]+)?|test|invalid|localhost|localdomain|local|lan|internal)$", re.I)
        wrong = set()
        for name in files(".log", ".cases", ".rejectlog", ".json"):
            if not name.startswith("tests/") or name.startswith("tests/bounces/"):
                continue  # bounces are known by their makers' host names
            for domain in re.findall(r"[A-Za-z0-9._+-]@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})\b", text(name)):
                if not allowed.search(domain):
                    wrong.add(f"{name}: {domain}")
        self.assertEqual(sorted(wrong), [])


if __name__ == "__main__":
    # CMake's lists within a list come out flat: a line without a colon goes on with what may be used.
    folder = ""
    for line in Path(sys.argv.pop(1)).read_text().splitlines():
        if ":" in line:
            folder, _, line = line.partition(":")
            LAYERS[folder] = set()
        LAYERS[folder] |= {line.strip()} - {""}
    unittest.main(verbosity=1)
