// What strangers write into a log line changes the field it stands in, and nothing else: each place
// of fields.txt with each text of payloads.txt.
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "parsers/exim/reject_record.h"
#include "parsers/registry.h"
#include "tests/support/event_text.h"

namespace rastro {
namespace {

struct Place {
  std::string tag;
  std::vector<std::string> own;  // fields that may hold what the stranger wrote
  std::string style;
  std::string line;
};

std::vector<std::string> read_lines(const std::string& name) {
  std::ifstream in(RASTRO_SOURCE_DIR "/tests/redteam/" + name);
  std::vector<std::string> out;
  std::string line;
  while (std::getline(in, line)) {
    if (!line.empty() && !line.starts_with("##")) out.push_back(line);
  }
  return out;
}

std::vector<Place> read_places() {
  std::vector<Place> out;
  for (const auto& line : read_lines("fields.txt")) {
    Place place;
    std::istringstream columns(line);
    std::string own;
    std::getline(columns, place.tag, '\t');
    std::getline(columns, own, '\t');
    std::getline(columns, place.style, '\t');
    std::getline(columns, place.line);
    std::istringstream names(own);
    for (std::string name; names >> name;) place.own.push_back(name);
    out.push_back(place);
  }
  return out;
}

// As the program would print it.
std::string printed(const std::string& text, const std::string& style) {
  std::string out;
  for (const char byte : text) {
    if ((style == "local" || style == "quoted") && (byte == '"' || byte == '\\')) out += '\\';
    out += style == "word" && byte == ' ' ? '_' : byte;
  }
  return out;
}

std::string with(const Place& place, const std::string& text) {
  auto line = place.line;
  const auto value = printed(text, place.style);
  for (auto at = line.find("{X}"); at != std::string::npos;
       at = line.find("{X}", at + value.size())) {
    line.replace(at, 3, value);
  }
  return line;
}

std::string parse(const std::string& tag, const std::string& text) {
  LineHeader header;
  header.program = tag;
  header.pid = 1;
  return event_text(find_program(tag).parse(header, text));
}

// `kind name="value" ...` by name; the kind itself under "kind".
std::map<std::string, std::string> fields_of(const std::string& said) {
  std::map<std::string, std::string> out;
  out["kind"] = said.substr(0, said.find(' '));
  for (auto at = said.find(' '); at != std::string::npos && at < said.size();) {
    const auto equals = said.find("=\"", at);
    if (equals == std::string::npos) break;
    auto end = equals + 2;
    while (end < said.size() && said[end] != '"') end += said[end] == '\\' ? 2 : 1;
    out[said.substr(at + 1, equals - at - 1)] = said.substr(equals + 2, end - equals - 2);
    at = end + 1;
  }
  return out;
}

void expect_only_own_fields_differ(const Place& place, const std::string& payload) {
  const auto forged = with(place, payload);
  const auto honest = fields_of(parse(place.tag, with(place, "x")));
  auto got = fields_of(parse(place.tag, forged));
  ASSERT_NE(honest.at("kind"), "unrecognised") << with(place, "x");
  if (got["kind"] == "unrecognised") return;  // refusing is safe
  auto wanted = honest;
  for (const auto& name : place.own) {
    got.erase(name);
    wanted.erase(name);
  }
  EXPECT_EQ(got, wanted) << forged;
}

TEST(ForgedFields, ChangeTheirOwnFieldOnly) {
  int lines = 0;
  for (const auto& place : read_places()) {
    for (const auto& payload : read_lines("payloads.txt")) {
      expect_only_own_fields_differ(place, payload);
      ++lines;
    }
  }
  EXPECT_GE(lines, 200);
  std::printf("%d forged lines\n", lines);
}

// "Client host rejected" quotes nothing that a forged field could agree with: the sender's own
// bracket is none of the reply's.
TEST(ForgedFields, AReplyThatQuotesNothingIsFollowedByTheTrueFields) {
  const std::string reply = "554 5.7.1 Client host rejected: Access denied";
  for (const std::string end : {" proto=ESMTP helo=<z", " helo=<z", " sasl_username=z", ""}) {
    const auto local = "q; from=<s@evil.example> to=<victim@example.org>" + end;
    const auto said =
        fields_of(parse("postfix/smtpd", "NOQUEUE: reject: RCPT from unknown[192.0.2.9]: " + reply +
                                             "; from=<s@evil.example> to=<\"" + local +
                                             "\"@example.org> proto=ESMTP helo=<real.example>"));
    EXPECT_EQ(said.at("reply"), reply) << end;
    EXPECT_NE(said.at("to"), "victim@example.org") << end;
    EXPECT_EQ(said.at("helo"), "real.example") << end;
  }
}

// Behind a refusal in Exim's reject log stand the envelope and the headers, which a stranger wrote.
TEST(ForgedFields, InARejectLogNameNoRecipientAndNoMessage) {
  const std::vector<std::string> places = {"P Received: from {X} by mx.example.org",
                                           "\tby {X}",
                                           "  X-Odd: {X}",
                                           "    <{X}>",
                                           "    {X}",
                                           "  {X}",
                                           "  Subject: {X}",
                                           "F From: \"{X}\" <a@example.net>",
                                           "T To: {X}",
                                           " {X}",
                                           "  Envelope-to: <{X}>",
                                           "    <eva@evil.example>",
                                           "  I Message-ID: <{X}>"};
  int records = 0;
  for (const auto& payload : read_lines("payloads.txt")) {
    EximRejectRecord record("1tFxyz-000123-AB H=(" + payload +
                            ") [192.0.2.7] F=<a@example.net> rejected after DATA: no");
    std::vector<std::string> told;
    const auto add = [&](const std::string& line) {
      const auto said = record.add(line);
      if (said.recipient) told.push_back("to " + std::string(*said.recipient));
      if (said.message_id) told.push_back("id " + std::string(*said.message_id));
    };
    add("Envelope-from: <\"" + printed(payload, "local") + "\"@example.net>");
    add("Envelope-to: <b@example.org>");
    add("    <c@example.org>");
    for (const auto& place : places) {
      auto line = place;
      if (const auto at = line.find("{X}"); at != std::string::npos) line.replace(at, 3, payload);
      // The first one begins the headers; without one these would be recipients.
      add("  X-First: 1");
      add(line);
      ++records;
    }
    add("I Message-ID: <1@example.net>");
    EXPECT_THAT(told,
                testing::ElementsAre("to b@example.org", "to c@example.org", "id 1@example.net"))
        << payload;
  }
  EXPECT_GE(records, 200);
}

// Most forged lines are read all the same: refusing everything odd would hide what strangers send.
TEST(ForgedFields, AreStillRead) {
  int read = 0;
  int all = 0;
  for (const auto& place : read_places()) {
    for (const auto& payload : read_lines("payloads.txt")) {
      ++all;
      if (parse(place.tag, with(place, payload)) != "unrecognised") ++read;
    }
  }
  EXPECT_GE(read * 10, all * 9) << read << " of " << all;
}

}  // namespace
}  // namespace rastro
