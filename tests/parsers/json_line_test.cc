// Log lines in JSON objects, as Docker, journalctl and log shippers write them. Derived from their
// formats, not captured.
#include "parsers/json_line.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace rastro {
namespace {

struct Case {
  std::string name;
  std::string object;
  std::string line;  // "no" when it is no line
  friend void PrintTo(const Case& c, std::ostream* os) { *os << c.name; }
};
class JsonLines : public testing::TestWithParam<Case> {};

TEST_P(JsonLines, AreUnwrapped) {
  JsonLine json;
  const auto unwrapped = json.unwrap(GetParam().object);
  EXPECT_EQ(unwrapped ? std::string(unwrapped->line) : "no", GetParam().line);
  if (unwrapped) {
    EXPECT_TRUE(unwrapped->line.ends_with(unwrapped->text));
  }
}

const Case kCases[] = {
    {"docker_json_file",
     R"({"log":"Nov 24 01:40:29 mx1 postfix/smtp[12]: text\n","stream":"stdout","time":"2026-11-24T00:40:29.123456789Z"})",
     "2026-11-24T00:40:29.123456789Z Nov 24 01:40:29 mx1 postfix/smtp[12]: text"},
    {"docker_attributes_nested",
     R"({"log":"a\n","stream":"stdout","attrs":{"tag":"x}\"{","log":"b"},"time":"2026-11-24T00:40:29Z"})",
     "2026-11-24T00:40:29Z a"},
    {"journalctl",
     R"({"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1795484429123456","_HOSTNAME":"mx1","SYSLOG_IDENTIFIER":"postfix/smtp","_PID":"12","_COMM":"smtp","MESSAGE":"text"})",
     "2026-11-24T01:40:29.123456Z mx1 postfix/smtp[12]: text"},
    {"journalctl_seq",
     "\x1e"
     R"({"__REALTIME_TIMESTAMP":"1795484429000001","SYSLOG_IDENTIFIER":"dovecot","MESSAGE":"text"})",
     "2026-11-24T01:40:29.000001Z dovecot[0]: text"},
    {"journalctl_message_as_bytes",
     R"({"__REALTIME_TIMESTAMP":"1795484429123456","_HOSTNAME":"mx1","SYSLOG_IDENTIFIER":"exim","SYSLOG_PID":"7","_PID":"12","MESSAGE":[102, 61,255,10]})",
     "2026-11-24T01:40:29.123456Z mx1 exim[7]: f=\xff"},
    {"journalctl_time_of_the_sender_counts",
     R"({"__REALTIME_TIMESTAMP":"1795484430000000","_SOURCE_REALTIME_TIMESTAMP":"1795484429000000","SYSLOG_IDENTIFIER":"exim","MESSAGE":"text"})",
     "2026-11-24T01:40:29.000000Z exim[0]: text"},
    {"rsyslog_template",
     R"({"timestamp":"2026-11-24T01:40:29.123456+01:00","host":"mx1","severity":"info","syslog-tag":"postfix/smtp[12]:","message":" text"})",
     "2026-11-24T01:40:29.123456+01:00 mx1 postfix/smtp[12]: text"},
    {"rsyslog_jsonmesg",
     R"({"msg":" text","rawmsg":"<22>x","timereported":"2026-11-24T01:40:29+01:00","hostname":"mx1","syslogtag":"postfix/smtp[12]:","programname":"postfix","procid":"12","$!":{"a":[1]}})",
     "2026-11-24T01:40:29+01:00 mx1 postfix/smtp[12]: text"},
    {"syslog_ng",
     R"({ "PROGRAM" : "postfix/smtp", "PRIORITY" : "info", "PID" : "12", "MESSAGE" : "text", "HOST" : "mx1", "DATE" : "Nov 24 01:40:29" })",
     "Nov 24 01:40:29 mx1 postfix/smtp[12]: text"},
    {"beats_with_the_whole_line",
     R"({"@timestamp":"2026-11-24T00:40:31.123Z","host":{"name":"x"},"message":"Nov 24 01:40:29 mx1 postfix/smtp[12]: text","log":{"offset":0}})",
     "2026-11-24T00:40:31.123Z Nov 24 01:40:29 mx1 postfix/smtp[12]: text"},
    {"vector",
     R"({"appname":"postfix/smtp","hostname":"mx1","message":"text","procid":12,"timestamp":"2026-11-24T01:40:29Z","ok":true,"no":null,"n":-1.5e3})",
     "2026-11-24T01:40:29Z mx1 postfix/smtp[12]: text"},
    {"gelf",
     R"({"version":"1.1","host":"mx1","short_message":"text","timestamp":1795484429.5,"_application_name":"postfix/smtp","_process_id":"12"})",
     "2026-11-24T01:40:29.500000Z mx1 postfix/smtp[12]: text"},
    {"elastic",
     R"({"_index":"x","_source":{"@timestamp":"2026-11-24T01:40:29Z","host":{"hostname":"mx1","os":{}},"process":{"name":"postfix/smtp","pid":12},"message":"text"}})",
     "2026-11-24T01:40:29Z mx1 postfix/smtp[12]: text"},
    {"elastic_dotted",
     R"({"@timestamp":"2026-11-24T01:40:29Z","log.syslog.hostname":"mx1","log.syslog.appname":"exim","message":"text"})",
     "2026-11-24T01:40:29Z mx1 exim[0]: text"},
    {"inner_names_are_others",
     R"({"kubernetes":{"host":"node","pid":7,"message":"no"},"ident":"exim","message":"text"})",
     "exim[0]: text"},
    {"epoch_with_a_fraction", R"({"date":1795484429.5,"ident":"exim","message":"text"})",
     "2026-11-24T01:40:29.500000Z exim[0]: text"},
    {"epoch_in_milliseconds", R"({"timestamp":1795484429500,"ident":"exim","message":"text"})",
     "2026-11-24T01:40:29.500000Z exim[0]: text"},
    {"whole_record_of_syslog",
     R"({"time":"2026-11-24T00:40:31Z","message":"<22>Nov 24 01:40:29 mx1 postfix/smtp[12]: text"})",
     "<22>Nov 24 01:40:29 mx1 postfix/smtp[12]: text"},
    {"escapes", R"({"log":"\"\\\/\b\f\t \u00e9\u20ac\ud83d\ude00\ud83dx\ude00\u0000","time":"t"})",
     "t \"\\/#010#014#011 \u00e9\u20ac\U0001F600\uFFFDx\uFFFD#000"},
    {"no_second_line_in_a_message",
     R"({"log":"x\nNov 24 01:40:29 mx1 postfix/smtp[12]: text\n","time":"t"})",
     "t x#012Nov 24 01:40:29 mx1 postfix/smtp[12]: text"},
    {"no_header_out_of_names",
     R"({"SYSLOG_IDENTIFIER":"a: b[1]: c","_HOSTNAME":"h x[2]: y","_PID":"1]: z","__REALTIME_TIMESTAMP":"1795484429000000","MESSAGE":"text"})",
     "2026-11-24T01:40:29.000000Z h a[0]: text"},
    {"first_of_a_name_counts", R"({"log":"a","log":"b","time":"t"})", "t a"},
    {"key_in_a_value", R"({"x":"\",\"log\":\"forged\",\"y\":\"","log":"true","time":"t"})",
     "t true"},
    {"no_message", R"({"time":"2026-11-24T00:40:31Z"})", "no"},
    {"message_is_an_object", R"({"message":{"a":"b"}})", "no"},
    {"empty_object", "{}", "no"},
    {"cut_off", R"({"log":"a","time":"2026)", "no"},
    {"cut_off_in_an_object", R"({"a":{"b":{"c":1},"log":"x")", "no"},
    {"cut_off_in_an_escape", "{\"log\":\"a\\", "no"},
    {"cut_off_in_a_nested_escape", "{\"x\":[\"a\\", "no"},
    {"text_behind_it", R"({"log":"a"} b)", "no"},
    {"unknown_escape", R"({"log":"\x41"})", "no"},
    {"brace_alone", "{", "no"},
    {"bytes_too_large", R"({"MESSAGE":[256]})", "no"},
};
INSTANTIATE_TEST_SUITE_P(All, JsonLines, testing::ValuesIn(kCases),
                         [](const auto& tested) { return tested.param.name; });

TEST(JsonLine, IsUsedAgain) {
  JsonLine json;
  ASSERT_TRUE(json.unwrap(R"({"SYSLOG_IDENTIFIER":"exim","_HOSTNAME":"mx1","MESSAGE":"a"})"));
  const auto second = json.unwrap(R"({"MESSAGE":"b"})");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->line, "b");
  EXPECT_FALSE(second->tagged);
}

// Cut anywhere, or with any byte changed: no crash (the sanitizers watch).
TEST(JsonLine, IsReadSafelyWhenCutOrDamaged) {
  JsonLine json;
  for (const auto& one : kCases) {
    for (std::size_t at = 0; at < one.object.size(); ++at) {
      json.unwrap(std::string_view(one.object).substr(0, at));
      auto damaged = one.object;
      for (const char byte : {'"', '\\', '{', '[', '\x01'}) {
        damaged[at] = byte;
        json.unwrap(damaged);
      }
    }
  }
}

// A text of nothing but brackets must not use up the stack.
TEST(JsonLine, DepthCostsNothing) {
  JsonLine json;
  EXPECT_FALSE(json.unwrap("{\"a\":" + std::string(60'000, '[')));
  const std::string deep =
      "{\"a\":" + std::string(20'000, '[') + std::string(20'000, ']') + ",\"log\":\"x\"}";
  EXPECT_TRUE(json.unwrap(deep));
}

}  // namespace
}  // namespace rastro
