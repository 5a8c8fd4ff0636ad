#include "cli/csv.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace rastro::cli {
namespace {

namespace json = boost::json;

TEST(Csv, FieldsAreSafeInASpreadsheet) {
  EXPECT_EQ(csv_field("juan@example.org"), "\"juan@example.org\"");
  EXPECT_EQ(csv_field(""), "\"\"");
  EXPECT_EQ(csv_field("say \"hi\", ok"), "\"say \"\"hi\"\", ok\"");
  for (const auto* formula : {"=1+1", "+1", "-1", "@SUM(A1)"})
    EXPECT_EQ(csv_field(formula), "\"'" + std::string(formula) + "\"");
  // Tab and CR start a formula in some programs; they do not go out as such either.
  EXPECT_EQ(csv_field("\t=1"), "\"'\\x09=1\"");
  EXPECT_EQ(csv_field("\r=1"), "\"'\\x0d=1\"");
  EXPECT_EQ(csv_field("\x1b[2J"), "\"\\x1b[2J\"");
  EXPECT_EQ(csv_field("a\nb"), "\"a\\x0ab\"");
}

TEST(Csv, OneRowForEachRecipient) {
  const auto answer = json::parse(R"({"items": [{"journey": {"id": "a1", "envelope_sender": "",
      "recipients": [{"recipient": "=cmd|x", "outcome": "deferred", "attempts": 3},
                     {"recipient": "eva@example.com", "outcome": "delivered"}]}},
      {"journey": {"id": "a2", "recipients": []}}, 7]})");
  const auto csv = csv_of_list(answer.get_object());
  EXPECT_EQ(
      csv,
      "\"id\",\"arrived_at\",\"envelope_sender\",\"recipient\",\"original_recipient\","
      "\"outcome\",\"delivered_to\",\"reason\",\"reply_text\",\"attempts\","
      "\"last_attempt_at\",\"message_id\"\r\n"
      "\"a1\",\"\",\"\",\"'=cmd|x\",\"\",\"deferred\",\"\",\"\",\"\",\"3\",\"\",\"\"\r\n"
      "\"a1\",\"\",\"\",\"eva@example.com\",\"\",\"delivered\",\"\",\"\",\"\",\"\",\"\",\"\"\r\n"
      "\"a2\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"\r\n");
}

TEST(Csv, RowsAndValues) {
  const auto rows =
      json::parse(R"([{"login": "-ana", "messages": 3}, {"messages": 4, "more": 1}])");
  EXPECT_EQ(csv_of_rows(rows.get_array()),
            "\"login\",\"messages\"\r\n\"'-ana\",\"3\"\r\n\"\",\"4\"\r\n");
  EXPECT_EQ(csv_of_rows({}), "");
  const auto status = json::parse(R"({"lines": {"read": 5}, "ok": true, "list": ["a", null]})");
  EXPECT_EQ(csv_of_values(status.get_object()),
            "\"name\",\"value\"\r\n\"lines.read\",\"5\"\r\n\"ok\",\"true\"\r\n\"list.0\",\"a\"\r\n"
            "\"list.1\",\"\"\r\n");
}

}  // namespace
}  // namespace rastro::cli
