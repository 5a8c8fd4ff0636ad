#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "cli/texts.h"
#include "core/journey.h"
#include "tests/cli/fake_daemon.h"

namespace rastro::cli {
namespace {

using testing::internal::CaptureStderr;
using testing::internal::CaptureStdout;
using testing::internal::GetCapturedStderr;
using testing::internal::GetCapturedStdout;

constexpr const char* kComplete = R"("coverage": {"complete": true, "holes": []})";
constexpr const char* kHoles = R"("coverage": {"complete": false, "holes": []})";
constexpr const char* kJourney =
    R"({"id": "6p17v6ktd1naw", "arrived_at": "2026-11-24T02:49:24Z", "envelope_sender": "ana@example.org",
        "counts": {"deferred": 1}, "complete": true, "legs": [], "links": [],
        "recipients": [{"recipient": "juan@example.org", "outcome": "deferred", "reason": "greylisted",
          "explanation": {"lang": "en", "text": "Wait a little.", "whose_move": "nobody", "final": false,
                          "reply": "Please wait."}},
         {"recipient": "eva@example.com", "outcome": "delivered", "delivered_to": "remote"}]})";

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
};

Ran run(std::vector<std::string> words) {
  words.insert(words.begin(), "rastro");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  CaptureStdout();
  CaptureStderr();
  Ran ran;
  ran.code = run_command_line(static_cast<int>(words.size()), argv.data());
  ran.out = GetCapturedStdout();
  ran.err = GetCapturedStderr();
  return ran;
}

class Commands : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto* name : {"LC_ALL", "LC_MESSAGES", "LANG", "RASTRO_LANG", "RASTRO_SOCKET"})
      unsetenv(name);
    setenv("TZ", "UTC", 1);
    setenv("COLUMNS", "80", 1);
  }
  static std::string list(const std::string& items, const std::string& rest) {
    return R"({"items": [)" + items + R"(], "more": false, "cursor": null, "cut_by": null, )" +
           rest + "}";
  }
  static std::string item() {
    return std::string(R"({"journey": )") + kJourney + R"(, "score": null, "why": []})";
  }
};

TEST_F(Commands, ExitCodesOfFind) {
  const std::map<std::string, int> cases{
      {list(item(), kComplete), kFound},
      {list(item(), kHoles), kFound},
      {list("", kComplete), kNothingFound},
      {list("", kHoles), kUnreachableOrIncomplete},
      {list("", "\"coverage\": null"), kUnreachableOrIncomplete},
      {R"({"items": [)" + item() + R"(], "cut_by": "time", )" + kComplete + "}",
       kUnreachableOrIncomplete},
      {"not json", kUnreachableOrIncomplete},
      {"[]", kUnreachableOrIncomplete}};
  for (const auto& [body, want] : cases) {
    FakeDaemon daemon({{"/v1/journeys", {200, body}}});
    EXPECT_EQ(run({"find", "--socket", daemon.socket()}).code, want) << body;
  }
}

TEST_F(Commands, ProblemsBecomeExitCodesAndWords) {
  struct Case {
    unsigned status;
    const char* body;
    int want;
    const char* words;
  };
  const Case cases[] = {
      {400, R"({"title": "bad parameter", "detail": "at: is no time"})", kUsage, "at: is no time"},
      {403, R"({"title": "not allowed", "detail": "raw log lines are for operators"})",
       kUnreachableOrIncomplete, "raw log lines are for operators"},
      {404, R"({"title": "no such message", "detail": "nothing is called x"})", kNothingFound,
       "nothing is called x"},
      {404, R"({"title":"no such resource","detail":"not here"})", kUnreachableOrIncomplete,
       "older than this rastro"},
      {429, R"({"title": "too many questions"})", kUnreachableOrIncomplete, "too many questions"},
      {503, "<html>", kUnreachableOrIncomplete, "rastrod answered 503"},
      {400, "{\"detail\": \"\\u001b[2J\"}", kUsage, "\\x1b[2J"}};
  for (const auto& one : cases) {
    FakeDaemon daemon({{"/v1/journeys/x", {one.status, one.body, "application/problem+json"}}});
    const auto ran = run({"show", "x", "--socket", daemon.socket()});
    EXPECT_EQ(ran.code, one.want) << one.body;
    EXPECT_NE(ran.err.find(one.words), std::string::npos) << ran.err;
    EXPECT_EQ(ran.out, "");
  }
}

// A thousand recipients are told in as many lines as they have ends.
TEST_F(Commands, ManyRecipientsAreToldTogether) {
  std::string recipients;
  for (int i = 0; i < 1000; ++i) {
    const auto name = "user" + std::to_string(i) + "@example.net";
    const bool waits = i % 100 == 7;
    if (i > 0) recipients += ",";
    recipients += R"({"recipient": ")" + name + R"(", "outcome": ")" +
                  (waits ? "deferred" : "delivered") + R"(", "reason": )" +
                  (waits ? R"("greylisted")" : "null") +
                  R"(, "explanation": {"text": "It is about )" + name +
                  R"(.", "whose_move": "nobody", "final": )" + (waits ? "false" : "true") +
                  R"(, "reply": "Your message to )" + name + R"(."}})";
  }
  const auto journey =
      R"({"id": "6p17v6ktd1naw", "legs": [], "links": [], "recipients": [)" + recipients + "]}";
  FakeDaemon daemon({{"/v1/journeys/x", {200, journey}}});
  const auto lines = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  const auto shown = run({"show", "x", "--socket", daemon.socket()});
  EXPECT_EQ(shown.code, kFound);
  EXPECT_LT(lines(shown.out), 40) << shown.out;
  EXPECT_NE(shown.out.find("990 recipients  delivered"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("10 recipients  deferred: greylisted"), std::string::npos);
  EXPECT_NE(shown.out.find("--full"), std::string::npos);
  EXPECT_GT(lines(run({"show", "x", "--full", "--socket", daemon.socket()}).out), 1000);
  EXPECT_LT(lines(run({"explain", "x", "--socket", daemon.socket()}).out), 30);
  const auto reply = run({"explain", "x", "--reply", "--socket", daemon.socket()});
  EXPECT_LT(lines(reply.out), 10) << reply.out;
  EXPECT_NE(reply.out.find("Your message to user7@example.net, user107@example.net,"),
            std::string::npos)
      << reply.out;
  EXPECT_NE(reply.out.find("7 more."), std::string::npos) << reply.out;
  const auto one =
      run({"explain", "x", "--to", "user500@example.net", "--socket", daemon.socket()});
  EXPECT_NE(one.out.find("user500@example.net, delivered"), std::string::npos) << one.out;
}

TEST_F(Commands, TheSameReplyIsSaidOnceWithAllNames) {
  const auto recipient = [](const std::string& name, const std::string& reply) {
    return R"({"recipient": ")" + name +
           R"(", "outcome": "rejected", "explanation": {"text": "x )" + name +
           R"(", "whose_move": "sender", "final": true, "reply": ")" + reply + R"("}})";
  };
  const auto refused = [](const std::string& name) {
    return "Your message to " + name + " was refused.";
  };
  const auto journey = R"({"id": "x", "recipients": [)" +
                       recipient("ana@example.org", refused("ana@example.org")) + "," +
                       recipient("info@example.org", refused("info@example.org")) + "," +
                       recipient("eva@example.org", "It is full.") + "," +
                       recipient("leo@example.org", refused("leo@example.org")) + "]}";
  FakeDaemon daemon({{"/v1/journeys/x", {200, journey}}});
  setenv("COLUMNS", "200", 1);
  EXPECT_EQ(run({"explain", "x", "--reply", "--socket", daemon.socket()}).out,
            "Your message to ana@example.org, info@example.org and leo@example.org was refused.\n\n"
            "It is full.\n");
  EXPECT_EQ(
      run({"--lang", "es", "explain", "x", "--to", "info", "--reply", "--socket", daemon.socket()})
          .out,
      "Your message to info@example.org was refused.\n");
}

TEST_F(Commands, ShowOfOneRecipientLeavesTheOthersOut) {
  const auto journey = R"({"id": "x", "legs": [], "links": [], "subject": "Invoice", "recipients": [
      {"recipient": "ana@example.org", "outcome": "delivered"},
      {"recipient": "eva@example.org", "original_recipient": "info@example.org",
       "outcome": "deferred"}], "timeline": [
      {"at": "2026-11-24T02:49:24Z", "kind": "arrived", "recipient": null},
      {"at": "2026-11-24T02:49:25Z", "kind": "delivered", "recipient": "ana@example.org"},
      {"at": "2026-11-24T02:49:26Z", "kind": "deferred", "recipient": "eva@example.org"}]})";
  FakeDaemon daemon({{"/v1/journeys/x", {200, journey}}});
  const auto of = [&](const std::string& name, const std::string& form) {
    return run({"show", "x", "--to", name, "-o", form, "--socket", daemon.socket()});
  };
  for (const auto* form : {"table", "json", "csv"}) {
    for (const auto* name : {"INFO@example.org", "eva", "eva@"}) {
      const auto told = of(name, form).out;
      EXPECT_EQ(told.find("ana@example.org"), std::string::npos) << told;
      EXPECT_NE(told.find("eva@example.org"), std::string::npos) << told;
      EXPECT_NE(told.find("Invoice"), std::string::npos) << told;
    }
  }
  const auto unknown = of("leo", "table");
  EXPECT_EQ(unknown.code, kNothingFound);
  EXPECT_NE(unknown.err.find("ana@example.org, eva@example.org"), std::string::npos) << unknown.err;
}

TEST_F(Commands, AFactThatBeginsWithItsNameSaysItOnce) {
  const auto journey =
      R"({"id": "x", "legs": [], "links": [], "recipients": [], "timeline": [], "facts": [
      {"source": "dovecot", "name": "forwarded", "value": "forwarded to <eva@example.com>"},
      {"source": "cyrus", "name": "forwarded", "value": "leo@example.com"},
      {"source": "dovecot", "name": "rejected", "value": "rejected message from <ana@example.org>"}]})";
  FakeDaemon daemon({{"/v1/journeys/x", {200, journey}}});
  const auto in = [&](const std::string& language) {
    return run({"show", "x", "--lang", language, "--socket", daemon.socket()}).out;
  };
  EXPECT_NE(in("en").find("dovecot: forwarded to <eva@example.com>\n"), std::string::npos);
  EXPECT_NE(in("en").find("cyrus: forwarded to leo@example.com\n"), std::string::npos);
  EXPECT_NE(in("en").find("dovecot: rejected message from"), std::string::npos);
  EXPECT_NE(in("es").find("dovecot: reenviado a <eva@example.com>\n"), std::string::npos);
}

TEST_F(Commands, AnAnswerAboutALineOfALogSaysSo) {
  for (const auto* from : {"a line of a log", "a refusal in a log", "delivery-status Action"}) {
    const auto answer = R"({"kind": "delayed", "recipients": [{"recipient": "juan@example.net",
        "action": "delayed", "sources": {"action": ")" +
                        std::string(from) + R"("}}], "journeys": []})";
    FakeDaemon daemon({{"/v1/bounce", {200, answer}}});
    const auto told = run({"bounce", std::string(RASTRO_SOURCE_DIR) + "/README.md", "--lang", "en",
                           "--socket", daemon.socket()});
    const bool notice = told.out.find("A notice of delay") != std::string::npos;
    const bool of_a_log = told.out.find("A line of a log") != std::string::npos;
    EXPECT_EQ(notice, std::string_view(from).starts_with("delivery")) << told.out << told.err;
    EXPECT_NE(notice, of_a_log) << told.out;
  }
}

TEST_F(Commands, AnIdAloneMeansShow) {
  for (const auto* id : {"6p17v6ktd1naw", "4Tq9Xk1z0Bz3", "3F2A91C04D7", "1vPk2a-00000003xYz-1aBc",
                         "mx1/4Tq9Xk1z0Bz3", "<sample-4@client.example.com>"}) {
    FakeDaemon daemon({{"?raw", {200, kJourney}}});
    const auto ran = run({"--socket", daemon.socket(), "--lang", "es", id, "--raw"});
    EXPECT_EQ(ran.code, kFound) << id << ran.err;
    ASSERT_EQ(daemon.asked().size(), 1U) << id;
    EXPECT_NE(daemon.asked()[0].find("raw=1"), std::string::npos) << daemon.asked()[0];
  }
  for (const auto* other : {"juan@example.org", "finde", "no-such-command", "example.org"})
    EXPECT_EQ(run({other}).code, kUsage) << other;
}

TEST_F(Commands, ABounceHasItsParagraphForTheCustomer) {
  const auto path = testing::TempDir() + "rastro_reply." + std::to_string(getpid());
  std::ofstream(path) << "x";
  const auto told = [&](const std::string& answer) {
    FakeDaemon daemon({{"/v1/bounce", {200, answer}}});
    return run({"--socket", daemon.socket(), "--lang", "es", "bounce", path, "--reply"});
  };
  const auto failed = told(R"({"kind": "failed", "journeys": [], "recipients": [
      {"recipient": "ana@example.org", "explanation": {"text": "t", "reply": "No llegó a ana@example.org."}},
      {"recipient": "eva@example.org", "explanation": {"text": "t", "reply": "No llegó a eva@example.org."}}]})");
  EXPECT_EQ(failed.code, kFound);
  EXPECT_EQ(failed.out, "No llegó a ana@example.org y eva@example.org.\n");
  const auto other = told(R"({"kind": "not_a_bounce", "not_a_bounce": "other", "recipients": []})");
  EXPECT_EQ(other.code, kNothingFound);
  EXPECT_NE(other.out, "");
  std::remove(path.c_str());
}

TEST_F(Commands, AnUnreachableDaemonIsExplained) {
  const auto ran = run({"find", "--socket", "/nonexistent/socket"});
  EXPECT_EQ(ran.code, kUnreachableOrIncomplete);
  EXPECT_NE(ran.err.find("/nonexistent/socket: No such file or directory"), std::string::npos);
  EXPECT_NE(ran.err.find("group rastro"), std::string::npos);
  const auto spanish = run({"--lang", "es", "show", "x", "--socket", "/nonexistent/socket"});
  EXPECT_NE(spanish.err.find("grupo rastro"), std::string::npos) << spanish.err;
}

TEST_F(Commands, AnOlderDaemonIsAskedWithoutTheLanguage) {
  const FakeDaemon::Reply refuses{
      400,
      R"({"title": "bad parameter", "detail": "lang: is no parameter of /v1/journeys, allowed: at",)"
      R"( "parameter": "lang"})",
      "application/problem+json"};
  for (const auto* command : {"find", "show", "follow"}) {
    FakeDaemon daemon({{"?lang", refuses},
                       {"/v1/journeys", {200, list(item(), kComplete)}},
                       {"/v1/follow", {503, "{}"}},
                       {"/v1/journeys/6p17v6ktd1naw", {200, kJourney}}});
    std::vector<std::string> words{"--lang", "es", command, "--socket", daemon.socket()};
    if (command == std::string("show")) words.insert(words.begin() + 3, "6p17v6ktd1naw");
    const auto ran = run(words);
    EXPECT_EQ(ran.err.find("lang"), std::string::npos) << ran.err;
    EXPECT_EQ(ran.code, command == std::string("follow") ? kUnreachableOrIncomplete : kFound)
        << ran.err;
    ASSERT_EQ(daemon.asked().size(), 2U) << command;
    EXPECT_EQ(daemon.asked()[1].find("lang="), std::string::npos);
  }
  // What the person typed is refused as ever.
  FakeDaemon daemon({{"?at", {400, R"({"detail": "at: is no parameter", "parameter": "at"})"}}});
  EXPECT_EQ(run({"find", "--at", "14:30", "--socket", daemon.socket()}).code, kUsage);
  EXPECT_EQ(daemon.asked().size(), 1U);
}

TEST_F(Commands, UsageErrors) {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"no-such-command"},
                                             {"find", "--no-such-option"},
                                             {"show"},
                                             {"find", "--output", "xml"},
                                             {"--lang", "fr", "find"},
                                             {"--tz", "Europe/Atlantis", "find"},
                                             {"summary", "--by", "weather"},
                                             {"scan"},
                                             {"completion", "tcsh"}}) {
    const auto ran = run(words);
    EXPECT_EQ(ran.code, kUsage) << words.front();
    EXPECT_NE(ran.err, "") << words.front();
  }
  EXPECT_EQ(run({"--help"}).code, kFound);
  EXPECT_EQ(run({"find", "--help"}).code, kFound);
  EXPECT_EQ(run({"--version"}).code, kFound);
}

TEST_F(Commands, ABounceThatIsTooLongIsSaidToBe) {
  const std::string answer = R"({"kind": "failed", "recipients": [], "journeys": []})";
  const auto path = testing::TempDir() + "rastro_long_bounce." + std::to_string(getpid());
  for (const auto& [bytes, cut] : std::map<std::size_t, bool>{{8 << 20, false}, {9 << 20, true}}) {
    std::ofstream(path) << std::string(bytes, 'x');
    FakeDaemon daemon({{"/v1/bounce", {200, answer}}});
    const auto ran = run({"--socket", daemon.socket(), "--lang", "es", "bounce", path});
    EXPECT_EQ(ran.code, kFound) << bytes;
    EXPECT_EQ(ran.err.find("pasa de 8 MiB") != std::string::npos, cut) << ran.err;
  }
  std::remove(path.c_str());
}

TEST_F(Commands, HelpIsInTheReadersLanguage) {
  EXPECT_NE(
      run({"find", "--help", "--lang", "es"}).out.find("Uso: rastro find [QU\xc3\x89] [OPCIONES]"),
      std::string::npos);
  setenv("LC_ALL", "es_ES.UTF-8", 1);
  EXPECT_NE(run({"--help"}).out.find("\xc3\x93rdenes:\n"), std::string::npos);
  EXPECT_NE(run({"--help", "--lang", "en"}).out.find("Commands:\n"), std::string::npos);
  EXPECT_EQ(run({"summary", "--by", "weather"}).err,
            "rastro: --by: se admite sender, login, client, domain, outcome, reason, "
            "script\nAyuda: rastro "
            "summary --help\n");
  EXPECT_EQ(run({"completion", "tcsh"}).err.find("rastro: SHELL: se admite bash, zsh, fish"), 0U);
  EXPECT_EQ(run({"reasons"}).err, "rastro: falta ORDEN.\nAyuda: rastro reasons --help\n");
  EXPECT_EQ(run({"bounce", "/nowhere/at/all"}).err, "rastro: /nowhere/at/all: no existe\n");
  unsetenv("LC_ALL");
}

TEST_F(Commands, UsageErrorsHelpInTheReadersLanguage) {
  EXPECT_NE(run({"finde"}).err.find("Did you mean this?  rastro find\n"), std::string::npos);
  EXPECT_NE(run({"juan@example.org"}).err.find("rastro find juan@example.org"), std::string::npos);
  EXPECT_EQ(run({"weather"}).err.find("Did you mean"), std::string::npos);
  const auto missing = run({"--lang", "es", "show"});
  EXPECT_EQ(missing.code, kUsage);
  EXPECT_EQ(missing.err, "rastro: falta ID.\nAyuda: rastro show --help\n");
  EXPECT_EQ(run({"--lang", "es", "show", ""}).err, "rastro: falta ID.\n");
  const auto twice = run({"--lang", "es", "find", "--limit", "1", "--limit", "2"});
  EXPECT_EQ(twice.err, "rastro: --limit está dos veces.\nAyuda: rastro find --help\n");
  EXPECT_EQ(run({"find", "--limit"}).err,
            "rastro: --limit needs a value.\nHelp: rastro find --help\n");
  // What stands next is no value but an option.
  EXPECT_EQ(run({"find", "--to", "--lang", "es"}).err,
            "rastro: --to necesita un valor.\nAyuda: rastro find --help\n");
  EXPECT_EQ(run({"find", "--to", "--from", "ana@example.org"}).code, kUsage);
  // Whatever was not read any more for the mistake.
  EXPECT_EQ(run({"find", "--lang", "es", "--to"}).err,
            "rastro: --to necesita un valor.\nAyuda: rastro find --help\n");
  EXPECT_EQ(run({"find", "--output", "xml", "--lang=es"}).err,
            "rastro: --output: se admite table, json, ndjson, csv\nAyuda: rastro find --help\n");
  setenv("LC_ALL", "es_ES.UTF-8", 1);
  EXPECT_EQ(run({"find", "--lang", "fr"}).err,
            "rastro: --lang: se admite en, es\nAyuda: rastro find --help\n");
  unsetenv("LC_ALL");
  EXPECT_NE(run({"follow", "--at", "14:00"}).err.find("what is --at?"), std::string::npos);
  const auto odd = run({"--lang", "es", "find", "--foo\x1b[2J"});
  EXPECT_NE(odd.err.find("\xc2\xbfqu\xc3\xa9 es --foo\\x1b[2J?"), std::string::npos) << odd.err;
  EXPECT_NE(odd.err.find("rastro find --help"), std::string::npos) << odd.err;
}

TEST_F(Commands, AWordToFindIsAnAddressADomainOrAnId) {
  const std::map<std::string, std::string> cases{
      {"juan@example.org", "any=juan%40example.org"},
      {"@example.org", "any=%40example.org"},
      {"example.org", "domain=example.org"},
      {"4Tq9Xk1z0Bz3", "queue_id=4Tq9Xk1z0Bz3"},
      {"1vNcKx-0000Ab-2C", "queue_id=1vNcKx-0000Ab-2C"},
      {"ana", "any=ana"},
      {"<x1@example.org>", "message_id="},
      {"Message-ID: <x1@example.org>", "message_id="},
      {" 214373af: ", "queue_id=214373af"},
      {"[1vNcKx-0000Ab-2C]", "queue_id="},
      {"\"1vNcKx-0000Ab-2C\"", "queue_id=1vNcKx-0000Ab-2C"},
      {"queued as 4Tq9Xk1z0Bz3", "queue_id=queued"},
      {"Juan <juan@example.org>", "any=Juan"},
      {"juan arroba example.org", "any=juan"},
      {"192.0.2.7", "client=192.0.2.7"},
      {"[2001:db8::7]", "client="},
      {"example.org.", "domain=example.org"},
      {"juan maria", "any=juan"}};
  for (const auto& [word, want] : cases) {
    FakeDaemon daemon({{"/v1/journeys", {200, list(item(), kComplete)}}});
    EXPECT_EQ(run({"--socket", daemon.socket(), "find", word}).code, kFound) << word;
    ASSERT_EQ(daemon.asked().size(), 1U) << word;
    EXPECT_NE(daemon.asked()[0].find(want), std::string::npos) << daemon.asked()[0];
  }
}

TEST_F(Commands, TheIdThatAListShowsFindsItsMessage) {
  FakeDaemon daemon({{"/v1/journeys/6p17v6ktd1naw", {404, R"({"detail": "none"})"}}});
  run({"--socket", daemon.socket(), "find", "6p17v6ktd1naw"});
  ASSERT_EQ(daemon.asked().size(), 1U);
  EXPECT_NE(daemon.asked()[0].find("/v1/journeys/6p17v6ktd1naw"), std::string::npos);
}

TEST_F(Commands, OutcomesAndReasonsMayBeGivenAsTheyAreShown) {
  FakeDaemon daemon({{"/v1/journeys", {200, list(item(), kComplete)}}});
  run({"--socket", daemon.socket(), "find", "--outcome", "Devueltos, aplazado,held", "--reason",
       "buz\xc3\xb3n lleno,mailbox-full,no such thing"});
  ASSERT_EQ(daemon.asked().size(), 1U);
  EXPECT_NE(daemon.asked()[0].find("outcome=bounced%2Cdeferred%2Cheld"), std::string::npos)
      << daemon.asked()[0];
  EXPECT_NE(daemon.asked()[0].find("reason=mailbox_full%2Cmailbox_full%2Cno%20such%20thing"),
            std::string::npos)
      << daemon.asked()[0];
}

TEST_F(Commands, OptionsBecomeParameters) {
  FakeDaemon daemon({{"/v1/journeys", {200, list(item(), kComplete)}}});
  run({"--socket", daemon.socket(), "--tz", "Europe/Madrid", "--lang", "es", "find", "--to",
       "juan+x@example.org", "--from", "@example.org", "--at", "ayer 14:30"});
  ASSERT_EQ(daemon.asked().size(), 1U);
  EXPECT_EQ(daemon.asked()[0],
            "GET /v1/journeys?recipient=juan%2Bx%40example.org&sender=%40example.org&"
            "at=ayer%2014%3A30&lang=es&tz=Europe%2FMadrid&thorough=1");
}

TEST_F(Commands, AloneItShowsTheProblemsOfTheLastHour) {
  FakeDaemon daemon({{"/v1/journeys", {200, list(item(), kComplete)}}});
  const auto ran = run({"--socket", daemon.socket()});
  EXPECT_EQ(ran.code, kFound);
  EXPECT_NE(ran.out.find("Problems of the last hour"), std::string::npos);
  ASSERT_EQ(daemon.asked().size(), 1U);
  EXPECT_NE(daemon.asked()[0].find("since=1h"), std::string::npos);
  EXPECT_NE(daemon.asked()[0].find("outcome=deferred%2Cbounced"), std::string::npos);
}

TEST_F(Commands, TheLanguageIsTheLocalesUnlessGiven) {
  FakeDaemon daemon({{"/v1/journeys", {200, list("", kComplete)}}});
  setenv("LANG", "es_MX.UTF-8", 1);
  EXPECT_NE(run({"find", "--socket", daemon.socket()}).out.find("No se ha encontrado nada."),
            std::string::npos);
  EXPECT_NE(run({"find", "--lang", "en", "--socket", daemon.socket()}).out.find("Nothing found."),
            std::string::npos);
  EXPECT_NE(daemon.asked()[0].find("lang=es"), std::string::npos);
  EXPECT_NE(daemon.asked()[1].find("lang=en"), std::string::npos);
}

TEST_F(Commands, MachineFormsDoNotChangeWithTheLanguage) {
  FakeDaemon daemon({{"/v1/journeys", {200, list(item(), kComplete)}}});
  for (const auto* form : {"json", "ndjson", "csv"}) {
    const auto en = run({"find", "-o", form, "--lang", "en", "--socket", daemon.socket()});
    const auto es = run({"find", "-o", form, "--lang", "es", "--socket", daemon.socket()});
    EXPECT_EQ(en.out, es.out) << form;
    EXPECT_NE(en.out.find("6p17v6ktd1naw"), std::string::npos) << form;
  }
}

TEST_F(Commands, JsonIsValidAndHarmlessWhateverTheLogHad) {
  // U+009B, U+202E, DEL, a byte order mark, a tag character, all inside a string.
  const std::string hostile = "\xc2\x9b[31m\xe2\x80\xae\x7f\xef\xbb\xbf\xf3\xa0\x81\xa1";
  FakeDaemon daemon({{"/v1/journeys/x", {200, R"({"id": "x", "subject": ")" + hostile + R"("})"}}});
  const auto ran = run({"show", "x", "-o", "json", "--socket", daemon.socket()});
  EXPECT_EQ(ran.out.find(hostile), std::string::npos);
  for (const char c : ran.out) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << int{c};
  const auto value = boost::json::parse(ran.out);
  EXPECT_EQ(std::string(value.at("subject").as_string()), hostile);
}

// What scripts read: `rastro find -o ndjson | jq .counts`.
TEST_F(Commands, NdjsonOfFindIsOneJourneyALine) {
  FakeDaemon daemon({{"/v1/journeys", {200, list(item() + "," + item(), kComplete)}}});
  const auto out = run({"find", "-o", "ndjson", "--socket", daemon.socket()}).out;
  ASSERT_EQ(std::count(out.begin(), out.end(), '\n'), 2);
  const auto first = boost::json::parse(out.substr(0, out.find('\n')));
  EXPECT_EQ(first, boost::json::parse(kJourney));
}

// The daemon writes times into explanations: in the zone that the rest is shown in.
TEST_F(Commands, ShowAndExplainAskInTheReadersZone) {
  FakeDaemon daemon({{"/v1/journeys/x", {200, kJourney}}});
  for (const auto* command : {"show", "explain"})
    run({command, "x", "--tz", "Europe/Madrid", "--lang", "es", "--socket", daemon.socket()});
  ASSERT_EQ(daemon.asked().size(), 2U);
  for (const auto& asked : daemon.asked())
    EXPECT_EQ(asked, "GET /v1/journeys/x?lang=es&tz=Europe%2FMadrid");
}

TEST_F(Commands, ExplainKeepsToOneRecipient) {
  FakeDaemon daemon({{"/v1/journeys/x", {200, kJourney}}});
  const auto socket = daemon.socket();
  EXPECT_EQ(run({"explain", "x", "--to", "JUAN@example.org", "--reply", "--socket", socket}).out,
            "Please wait.\n");
  EXPECT_EQ(run({"explain", "x", "--to", "rosa@example.org", "--socket", socket}).code,
            kNothingFound);
  const auto csv = run({"explain", "x", "-o", "csv", "--socket", socket}).out;
  EXPECT_NE(csv.find("\"juan@example.org\",\"deferred\",\"greylisted\""), std::string::npos) << csv;
}

TEST_F(Commands, FollowPrintsEachEventAndEndsWithTheStream) {
  const std::string stream = std::string(": hello\n\ndata: ") +
                             std::string(boost::json::serialize(boost::json::parse(kJourney))) +
                             "\n\n";
  FakeDaemon daemon({{"/v1/follow", {200, stream + stream, "text/event-stream"}}});
  const auto ran = run({"follow", "--to", "@example.org", "--socket", daemon.socket()});
  EXPECT_EQ(ran.code, kUnreachableOrIncomplete);  // it never ends by itself
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 2) << ran.out;
  EXPECT_NE(ran.err.find("ended the stream"), std::string::npos);
  const auto csv = run({"follow", "-o", "csv", "--socket", daemon.socket()}).out;
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 2 * 2) << csv;
}

TEST_F(Commands, MailThatAMailboxSentOnWentToNoProgram) {
  FakeDaemon daemon(
      {{"/v1/journeys/x",
        {200, R"({"id": "x", "legs": [], "links": [], "recipients": [{"recipient": "a@example.org",
          "outcome": "delivered", "delivered_to": "program", "forwarded_to": "b@example.net"}]})"}}});
  const auto told = run({"show", "x", "--socket", daemon.socket()}).out;
  EXPECT_NE(told.find("sent on to b@example.net"), std::string::npos) << told;
  EXPECT_EQ(told.find("program"), std::string::npos) << told;
}

TEST_F(Commands, HeldMailIsNotSaidToBeTriedAgain) {
  FakeDaemon daemon(
      {{"/v1/journeys/x",
        {200, R"({"id": "x", "recipients": [{"recipient": "juan@example.org", "outcome": "held",
          "explanation": {"text": "On hold.", "whose_move": "us", "final": false}}]})"}}});
  const auto told = run({"explain", "x", "--socket", daemon.socket()}).out;
  EXPECT_NE(told.find("until somebody releases or deletes it"), std::string::npos) << told;
  EXPECT_EQ(told.find("tried again"), std::string::npos) << told;
}

TEST_F(Commands, WhoWroteANoticeIsNotTheServerThatSaidNothing) {
  const auto told = [](const std::string& code) {
    FakeDaemon daemon({{"/v1/bounce",
                        {200, R"({"kind": "failed", "journeys": [], "recipients":
      [{"recipient": "bo@example.net", "action": "failed", "remote_mta": "mx.example.net",
        "diagnostic": "connect to mx.example.net[192.0.2.9]:25: Connection timed out")" +
                                  code + "}]}"}}});
    const auto path = testing::TempDir() + "rastro_notice." + std::to_string(getpid());
    std::ofstream(path) << "x";
    auto out = run({"--socket", daemon.socket(), "bounce", path}).out;
    std::remove(path.c_str());
    return out.find("mx.example.net said:") != std::string::npos;
  };
  EXPECT_FALSE(told(""));
  EXPECT_TRUE(told(R"(, "reply_code": 451)"));
}

TEST_F(Commands, ABounceThatNamesNobodyIsExplained) {
  const auto told = [](const std::string& kind, const std::string& language) {
    FakeDaemon daemon({{"/v1/bounce", {200, "{" + kind + R"(, "journeys": [], "journeys_missing":
      "nothing_to_look_for", "recipients": [{"recipient": null, "action": "failed",
        "reason": "auth_required", "reply_code": 535, "explanation": {"text": "The login.",
        "whose_move": "sender", "final": true, "what_to_do": "Check it."}}]})"}}});
    const auto path = testing::TempDir() + "rastro_nobody." + std::to_string(getpid());
    std::ofstream(path) << "x";
    auto out = run({"--socket", daemon.socket(), "--lang", language, "bounce", path}).out;
    std::remove(path.c_str());
    return out;
  };
  const auto failed = told(R"("kind": "failed")", "en");
  EXPECT_NE(failed.find("recipient not named"), std::string::npos) << failed;
  EXPECT_NE(failed.find("Check it."), std::string::npos) << failed;
  EXPECT_EQ(failed.find("recipients not logged"), std::string::npos) << failed;
  const auto login = told(R"("kind": "not_a_bounce", "not_a_bounce": "login_refused")", "es");
  EXPECT_NE(login.find("No es una devolución: el servidor rechazó"), std::string::npos) << login;
  EXPECT_NE(login.find("destinatario no indicado"), std::string::npos) << login;
}

TEST_F(Commands, ANoticeOfDelayThatIsOverSaysSo) {
  FakeDaemon daemon({{"/v1/bounce", {200, R"({"kind": "delayed", "journeys": [], "recipients":
      [{"recipient": "bo@example.net", "action": "delayed", "ended_as": "expired"}]})"}}});
  const auto path = testing::TempDir() + "rastro_delay." + std::to_string(getpid());
  std::ofstream(path) << "x";
  const auto told = run({"--socket", daemon.socket(), "bounce", path}).out;
  std::remove(path.c_str());
  EXPECT_NE(told.find("the message was late and was still being tried. It has"), std::string::npos)
      << told;
  EXPECT_NE(told.find("since then, as this server's logs say: expired"), std::string::npos) << told;
}

TEST_F(Commands, ASummarysTotalHasWhatOnlyOtherRowsHave) {
  const auto answer = R"({"by": "sender", "rows": [
      {"key": "a@x.example", "messages": 5, "outcomes": {"delivered": 5}},
      {"key": "b@x.example", "messages": 4, "outcomes": {"delivered": 4}}],
      "total": {"messages": 12, "outcomes": {"delivered": 9, "deferred": 3}}, "more": true})";
  FakeDaemon daemon({{"/v1/summary", {200, answer}}});
  const auto told = run({"summary", "--limit", "2", "--socket", daemon.socket()}).out;
  EXPECT_NE(told.find("deferred"), std::string::npos) << told;
}

TEST_F(Commands, ASummaryOfAllOutcomesFitsTheTerminal) {
  std::string outcomes;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Outcome::passed); ++i)
    outcomes += (i > 0 ? ", \"" : "\"") + std::string(outcome_name(static_cast<Outcome>(i))) +
                "\": 1234567";
  FakeDaemon daemon({{"/v1/summary",
                      {200, R"({"by": "sender", "coverage": {"complete": true}, "rows": [{"key":
      "ana@example.org", "messages": 7, "bytes": 1, "outcomes": {)" +
                                outcomes + "}}]}"}}});
  setenv("COLUMNS", "80", 1);
  for (const auto* language : {"en", "es"}) {
    const auto told = run({"--lang", language, "summary", "--socket", daemon.socket()}).out;
    std::istringstream lines(told);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(columns_of(line), 80U) << line;
    EXPECT_EQ(told.find("ana@example.org\n"), 0U) << told;
  }
}

TEST_F(Commands, CoverageAsCsvHasWhatWasRead) {
  FakeDaemon whole({{"/v1/coverage", {200, R"({"complete": true, "holes": [], "sources": [
      {"source": "/var/log/mail.log", "from": "2026-11-24T02:00:00Z", "until": null}]})"}}});
  EXPECT_EQ(run({"coverage", "-o", "csv", "--socket", whole.socket()}).out,
            "\"kind\",\"source\",\"from\",\"until\",\"cause\",\"cause_code\"\r\n"
            "\"read\",\"/var/log/mail.log\",\"2026-11-24T02:00:00Z\",\"\",\"\",\"\"\r\n");
}

TEST_F(Commands, CoverageWithHolesIsIncomplete) {
  FakeDaemon whole({{"/v1/coverage", {200, R"({"complete": true, "holes": []})"}}});
  FakeDaemon holes({{"/v1/coverage", {200, R"({"complete": false, "holes": [{"source": null,
      "from": null, "until": "2026-11-24T02:00:00Z", "cause": "no log has been read"}]})"}}});
  EXPECT_EQ(run({"coverage", "--socket", whole.socket()}).code, kFound);
  const auto ran = run({"coverage", "--lang", "es", "--socket", holes.socket()});
  EXPECT_EQ(ran.code, kUnreachableOrIncomplete);
  EXPECT_NE(ran.out.find("no se ha leído ningún registro"), std::string::npos) << ran.out;
}

TEST_F(Commands, CompletionPrintsIdsAndNothingElse) {
  FakeDaemon daemon(
      {{"/v1/journeys",
        {200, list(item() + R"x(, {"journey": {"id": "$(rm -rf /)"}})x", kComplete)}}});
  const auto ran = run({"completion", "ids", "--socket", daemon.socket()});
  EXPECT_EQ(ran.out, "6p17v6ktd1naw\n");
  const auto away = run({"completion", "ids", "--socket", "/nonexistent/socket"});
  EXPECT_EQ(away.out + away.err, "");
}

}  // namespace
}  // namespace rastro::cli
