#include "cli/csv.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <string>
#include <vector>

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

using Cells = std::vector<std::string>;

// Of text without quotes in its fields.
std::vector<Cells> cells_of(const std::string& csv) {
  std::vector<Cells> rows;
  for (std::size_t at = 0; at < csv.size();) {
    const auto end = csv.find("\r\n", at);
    Cells cells;
    for (auto from = at; from < end;) {
      const auto close = csv.find('"', from + 1);
      cells.push_back(csv.substr(from + 1, close - from - 1));
      from = close + 2;
    }
    rows.push_back(cells);
    at = end + 2;
  }
  return rows;
}

std::map<std::string, std::string> named_cells(const std::vector<Cells>& rows, std::size_t number) {
  std::map<std::string, std::string> out;
  EXPECT_EQ(rows[0].size(), rows[number].size());
  for (std::size_t i = 0; i < rows[0].size(); ++i) {
    if (!rows[number][i].empty()) out[rows[0][i]] = rows[number][i];
  }
  return out;
}

TEST(Csv, OneRowForEachRecipient) {
  const auto answer = json::parse(R"({"items": [{"journey": {"id": "a1", "envelope_sender": "",
      "recipients": [{"recipient": "=cmd|x", "outcome": "deferred", "attempts": 3},
                     {"recipient": "eva@example.com", "outcome": "delivered"}]}},
      {"journey": {"id": "a2", "recipients": []}}, 7]})");
  const auto rows = cells_of(csv_of_list(answer.get_object()));
  ASSERT_EQ(rows.size(), 4U);
  using Row = std::map<std::string, std::string>;
  EXPECT_EQ(
      named_cells(rows, 1),
      (Row{{"id", "a1"}, {"recipient", "'=cmd|x"}, {"outcome", "deferred"}, {"attempts", "3"}}));
  EXPECT_EQ(named_cells(rows, 2),
            (Row{{"id", "a1"}, {"recipient", "eva@example.com"}, {"outcome", "delivered"}}));
  EXPECT_EQ(named_cells(rows, 3), (Row{{"id", "a2"}}));
}

TEST(Csv, AListHasHowItCameAndWhereItWent) {
  const auto answer = json::parse(R"({"items": [{"journey": {"id": "a1", "direction": "out",
      "submission": {"method": "script", "login": "@ana", "client_host": "pc.example.org",
        "client_ip": "192.0.2.7", "script": null, "script_dir": "/home/ana/www"},
      "size_bytes": 1234, "subject": "+1", "recipients": [{"recipient": "eva@example.com",
        "relay": {"host": "mx.example.com", "ip": "192.0.2.9", "port": 25}, "reply_code": 250,
        "enhanced_status": "2.0.0"}]}}]})");
  auto cells = named_cells(cells_of(csv_of_list(answer.get_object())), 1);
  EXPECT_EQ(cells["direction"], "out");
  EXPECT_EQ(cells["submission"], "script");
  EXPECT_EQ(cells["login"], "'@ana");
  EXPECT_EQ(cells["client_host"], "pc.example.org");
  EXPECT_EQ(cells["client_ip"], "192.0.2.7");
  EXPECT_EQ(cells["script"], "/home/ana/www");
  EXPECT_EQ(cells["size_bytes"], "1234");
  EXPECT_EQ(cells["subject"], "'+1");
  EXPECT_EQ(cells["relay_host"], "mx.example.com");
  EXPECT_EQ(cells["relay_ip"], "192.0.2.9");
  EXPECT_EQ(cells["reply_code"], "250");
  EXPECT_EQ(cells["enhanced_status"], "2.0.0");
}

TEST(Csv, ASummaryHasAColumnForEachOutcome) {
  const auto answer = json::parse(R"({"by": "login", "rows": [{"key": "=ana", "messages": 3,
      "bytes": 900, "recipients": {"delivered": 4, "bounced": 1}},
      {"key": null, "messages": 1, "bytes": 0, "recipients": {}}]})");
  const auto rows = cells_of(csv_of_summary(answer.get_object()));
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0], (Cells{"login", "messages", "bytes", "recipients", "queued", "deferred",
                            "delivered", "bounced", "expired", "rejected", "held", "discarded",
                            "deleted", "quarantined", "unknown"}));
  EXPECT_EQ(rows[1], (Cells{"'=ana", "3", "900", "5", "0", "0", "4", "1", "0", "0", "0", "0", "0",
                            "0", "0"}));
  EXPECT_EQ(rows[2][0], "");
  EXPECT_EQ(rows[2][3], "0");
  // An empty one has its header all the same.
  EXPECT_EQ(cells_of(csv_of_summary({})).size(), 1U);
  EXPECT_EQ(csv_of_rows({}, {"key"}), "\"key\"\r\n");
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
