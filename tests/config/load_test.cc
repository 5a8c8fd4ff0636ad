#include "config/load.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace rastro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

std::vector<std::string> mistakes(const std::string& text) {
  const auto config = parse_config(text, "f");
  std::vector<std::string> lines;
  if (config) return lines;
  EXPECT_EQ(config.error().code, Error::Code::invalid);
  std::istringstream in(config.error().message);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(ParseConfig, NothingWrittenIsAllDefaults) {
  for (const auto* text : {"", "# only a comment\n", "store:\n", "api:\n#  socket: /x\nlog:\n"}) {
    const auto config = parse_config(text, "f");
    ASSERT_TRUE(config) << text << config.error().message;
    EXPECT_EQ(*config, Config{}) << text;
  }
}

TEST(ParseConfig, DefaultsNameOneSourceForEachMta) {
  const Config config;
  ASSERT_EQ(config.sources.size(), 2U);
  EXPECT_EQ(config.sources[0].path, "/var/log/mail.log");
  EXPECT_EQ(config.sources[1].path, "/var/log/exim4/mainlog");
}

TEST(ParseConfig, TakesEveryKind) {
  const auto config = parse_config(
      "sources:\n"
      "  - path: /srv/log/mail*.log\n"
      "    format: syslog\n"
      "    timezone: Europe/Madrid\n"
      "    host: mx1.example.org\n"
      "    follow_symlinks: true\n"
      "lang: es\n"
      "first_start_reads_back: 0\n"
      "store: {retention: 48h, retention_ack: true, ballast: 1GiB}\n"
      "api: {socket_mode: \"0600\", request_timeout: 200ms, report_timeout: 5m, socket_group: "
      "\"\"}\n"
      "submission: {webmail_clients: [192.0.2.7, \"2001:db8::/64\"]}\n"
      "limits: {open_legs_max: 500}\n"
      "reasons: {rules_file: /etc/rastro/reasons.yaml}\n"
      "log: {level: debug}\n",
      "f");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->sources.size(), 1U);
  const SourceSettings want{.path = "/srv/log/mail*.log",
                            .format = LogFormat::syslog,
                            .timezone = "Europe/Madrid",
                            .host = "mx1.example.org",
                            .follow_symlinks = true};
  EXPECT_EQ(config->sources[0], want);
  EXPECT_EQ(config->lang, Language::es);
  EXPECT_EQ(config->first_start_reads_back, Duration(0));
  EXPECT_EQ(config->store.retention, Duration(48h));
  EXPECT_EQ(config->store.ballast, 1ULL << 30);
  EXPECT_EQ(config->api.socket_mode, 0600U);
  EXPECT_EQ(config->api.request_timeout, Duration(200ms));
  EXPECT_EQ(config->api.report_timeout, Duration(5min));
  EXPECT_EQ(config->api.socket_group, "");
  EXPECT_THAT(config->submission.webmail_clients, ElementsAre("192.0.2.7", "2001:db8::/64"));
  EXPECT_EQ(config->limits.open_legs_max, 500U);
  EXPECT_EQ(config->reasons.rules_file, "/etc/rastro/reasons.yaml");
  EXPECT_EQ(config->log.level, LogLevel::debug);
}

TEST(ParseConfig, TellsAllMistakesAtOnceInOrder) {
  EXPECT_THAT(
      mistakes("stoer:\n"
               "  retention: 24h\n"
               "store:\n"
               "  retension: 24h\n"
               "  retention: 24\n"
               "  ballast: 64MB\n"
               "api:\n"
               "  connections_max: many\n"
               "  query_threads: 65\n"
               "  socket: rastro.sock\n"
               "  socket_mode: 0660\n"
               "log:\n"
               "  level: loud\n"),
      ElementsAre("f:1:1: unknown key \"stoer\"; did you mean \"store\"?",
                  "f:4:3: store: unknown key \"retension\"; did you mean \"retention\"?",
                  HasSubstr("f:5:14: store.retention must be a duration"),
                  HasSubstr("f:6:12: store.ballast must be a size"),
                  "f:8:20: api.connections_max must be a whole number, not \"many\"",
                  "f:9:18: api.query_threads must be between 1 and 64, not \"65\"",
                  HasSubstr("f:10:11: api.socket must be an absolute path"),
                  HasSubstr("f:11:16: api.socket_mode must be a quoted file mode"),
                  "f:13:10: log.level must be one of debug info warning error, not \"loud\""));
}

struct MistakeCase {
  std::string name;
  std::string text;
  std::string want;
  friend void PrintTo(const MistakeCase& c, std::ostream* os) { *os << c.name; }
};
class Mistake : public testing::TestWithParam<MistakeCase> {};
TEST_P(Mistake, IsToldWithItsPlace) {
  EXPECT_THAT(mistakes(GetParam().text), ElementsAre(HasSubstr(GetParam().want)));
}
const MistakeCase kMistakes[] = {
    {"not_a_map", "- a\n- b\n", "f:1:1: must be a map"},
    {"scalar", "hello\n", "f:1:1: must be a map"},
    {"section_is_scalar", "api: 5\n", "f:1:6: api must be a section"},
    {"section_is_list", "store: [1]\n", "store must be a section"},
    {"value_is_map", "lang: {a: b}\n", "lang must be one of en es"},
    {"value_missing", "store:\n  retention:\n", "store.retention has no value"},
    {"duplicate", "lang: en\nlang: es\n", "f:2:1: duplicate key \"lang\""},
    {"broken_yaml", "api: [\n", "f:"},
    {"tab_indent", "api:\n\tsocket: /x\n", "f:2:"},
    {"far_key_lists_known", "store:\n  zzzzzz: 1\n",
     "known here: ballast bytes_max open_legs_age_max"},
    {"sources_empty", "sources: []\n", "nothing would be read"},
    {"sources_scalar", "sources: /var/log/mail.log\n", "sources must be a list"},
    {"source_scalar", "sources:\n  - /var/log/mail.log\n", "f:2:5: each of sources must be a map"},
    {"source_of_nothing", "sources:\n  - format: exim\n", "needs one of path, journal and listen"},
    {"source_of_two", "sources: [{path: /var/log/a, journal: system}]\n", "has only one of"},
    {"socket_twice",
     "sources: [{listen: \"udp:127.0.0.1:514\"}, {listen: \"udp:127.0.0.1:514\"}]\n", "twice"},
    {"journal_relative", "sources: [{journal: var}]\n", "\"system\" or a directory"},
    {"listen_without_port", "sources: [{listen: \"udp:127.0.0.1\"}]\n", "udp:ADDRESS:PORT"},
    {"listen_on_a_name", "sources: [{listen: \"udp:localhost:514\"}]\n", "udp:ADDRESS:PORT"},
    {"listen_on_port_0", "sources: [{listen: \"tcp:127.0.0.1:0\"}]\n", "udp:ADDRESS:PORT"},
    {"listen_v6_without_brackets", "sources: [{listen: \"tcp:::1:514\"}]\n", "udp:ADDRESS:PORT"},
    {"unit_with_blank", "sources: [{journal: system, units: [\"a b\"]}]\n", "a unit name"},
    {"raw_lines_word", "store: {raw_lines: both}\n", "one of reference copy"},
    {"source_relative", "sources:\n  - path: mail.log\n", "path must be an absolute path"},
    {"source_directory", "sources:\n  - path: /var/log/\n", "names a directory"},
    {"source_glob", "sources:\n  - path: /var/log/mail[.log\n", "unbalanced ["},
    {"source_glob_first_member", "sources:\n  - path: /var/log/mail[].log\n", "unbalanced ["},
    {"source_glob_backslash", "sources:\n  - path: '/var/log/mail\\'\n", "unbalanced ["},
    {"source_glob_directory", "sources:\n  - path: /var/*/mail.log\n", "only the file name"},
    {"source_twice", "sources:\n  - path: /a\n  - path: /a\n", "f:3:5: sources names \"/a\" twice"},
    {"source_key", "sources:\n  - path: /a\n    formt: exim\n", "did you mean \"format\"?"},
    {"source_format", "sources:\n  - path: /a\n    format: sendmail\n", "one of auto syslog exim"},
    {"timezone", "sources:\n  - path: /a\n    timezone: ../../etc/passwd\n", "a time zone name"},
    {"timezone_mistyped", "sources:\n  - path: /a\n    timezone: Europe/Madird\n",
     "f:3:15: timezone must be a time zone name such as Europe/Madrid, not \"Europe/Madird\": the "
     "zone database has none of that name; did you mean Europe/Madrid?"},
    {"timezone_of_nowhere", "sources:\n  - path: /a\n    timezone: Mars/Base\n",
     "the zone database has none of that name"},
    {"timezone_directory", "sources:\n  - path: /a\n    timezone: Europe\n", "a time zone name"},
    {"timezone_offset", "sources:\n  - path: /a\n    timezone: \"+02:00\"\n", "a time zone name"},
    {"flag_word", "store: {retention_ack: yes}\n", "true or false"},
    {"flag_quoted", "store: {retention_ack: \"true\"}\n", "true or false"},
    {"retention_long", "store: {retention: 48h}\n", "needs store.retention_ack"},
    {"retention_short", "store: {retention: 1s}\n", "between 1h and 366d"},
    {"open_legs_shorter", "store: {open_legs_age_max: 2h}\n", "must not be shorter"},
    {"network", "submission: {webmail_clients: [192.0.2.0/33]}\n", "an address or a block"},
    {"mode_unwritable", "api: {socket_mode: \"0460\"}\n", "owner must be able"},
    {"socket_path_long", "api:\n  socket: /" + std::string(103, 'x') + "\n",
     "f:2:11: api.socket: a socket's path has at most 103 bytes, this one has 104"},
    {"negative", "limits: {sessions_max: -1}\n", "a whole number"},
    {"journald_is_not_there", "journald: true\n", "unknown key \"journald\""},
};
INSTANTIATE_TEST_SUITE_P(, Mistake, testing::ValuesIn(kMistakes),
                         [](const auto& tested) { return tested.param.name; });

class LoadConfig : public testing::Test {
 protected:
  void SetUp() override {
    directory_ =
        std::filesystem::temp_directory_path() / ("rastro-config-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string write(const std::string& name, const std::string& text) {
    const auto path = directory_ / name;
    std::ofstream(path) << text;
    return path;
  }
  std::filesystem::path directory_;
};

TEST_F(LoadConfig, ReadsAFileAndNamesItInMistakes) {
  EXPECT_EQ(load_config(write("good.yaml", "lang: es\n"))->lang, Language::es);
  const auto path = write("bad.yaml", "lang: fr\n");
  EXPECT_THAT(load_config(path).error().message, HasSubstr(path + ":1:7: "));
}

TEST_F(LoadConfig, CheckingNamesWhatThisMachineDoesNotHave) {
  const auto rules = (directory_ / "rules.yaml").string();
  const auto path = write("machine.yaml",
                          "api:\n"
                          "  socket_group: no-such-group\n"
                          "  operators: [\"user:root\", \"user:no-such-user\"]\n"
                          "  support:\n"
                          "    - group:no-such-group\n"
                          "reasons:\n"
                          "  rules_file: " +
                              rules + "\n");
  EXPECT_TRUE(load_config(path));  // it may be right on another one
  const auto checked = check_config(path);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message,
            path + ":2:17: api.socket_group: there is no group no-such-group\n" +  //
                path + ":3:28: api.operators: there is no user:no-such-user\n" +   //
                path + ":5:7: api.support: there is no group:no-such-group\n" +    //
                path + ":7:15: reasons.rules_file: " + rules + ": No such file or directory");
  write("rules.yaml", "");
  EXPECT_TRUE(check_config(write("fine.yaml",
                                 "api: {socket_group: \"\", operators: [\"user:root\"]}\n"
                                 "reasons: {rules_file: " +
                                     rules + "}\n")));
}

TEST_F(LoadConfig, SaysWhyAFileCannotBeRead) {
  EXPECT_EQ(load_config(directory_ / "absent.yaml").error().code, Error::Code::not_found);
  EXPECT_EQ(load_config(directory_).error().code, Error::Code::invalid);
  EXPECT_EQ(load_config("/dev/zero").error().code, Error::Code::invalid);
  EXPECT_EQ(load_config(write("large.yaml", std::string((1 << 20) + 1, '#'))).error().code,
            Error::Code::limit);
}

}  // namespace
}  // namespace rastro
