// Every samples/NAME.eml is a bounce, or what people send as one; NAME.json says where its form
// comes from and what must be recovered. A field that NAME.json does not name is not compared.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "config/reason_rules.h"
#include "core/address.h"
#include "daemon/bounce/bounce.h"
#include "daemon/bounce/json.h"
#include "daemon/bounce/reasons.h"
#include "parsers/reason_classifier.h"

namespace rastro {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<fs::path> samples() {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(RASTRO_SOURCE_DIR "/tests/bounces/samples")) {
    if (entry.path().extension() == ".eml") out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

std::vector<std::string> names_of(const json::array& recipients) {
  std::vector<std::string> out;
  for (const auto& recipient : recipients) {
    const auto& name = recipient.at("recipient");
    if (!name.is_null()) out.push_back(fold_address(name.as_string()));
  }
  std::ranges::sort(out);
  return out;
}

void expect_fields(const json::object& want, const json::object& got) {
  for (const auto& [name, value] : want) {
    if (name == "source" || name == "recipients" || name == "queue_ids") continue;
    ASSERT_TRUE(got.contains(name)) << name;
    EXPECT_EQ(json::serialize(got.at(name)), json::serialize(value)) << name;
  }
}

void expect_recipients(const json::array& want, const json::array& got) {
  EXPECT_EQ(names_of(got), names_of(want));
  for (const auto& wanted : want) {
    const auto found = std::ranges::find_if(got, [&](const json::value& r) {
      return r.at("recipient").is_string() &&
             equal_ignoring_case(r.at("recipient").as_string(), wanted.at("recipient").as_string());
    });
    if (found == got.end()) continue;  // said above
    auto fields = wanted.as_object();
    fields.erase("recipient");
    fields.erase("reason");
    expect_fields(fields, found->as_object());
  }
}

TEST(BounceCorpus, EverySampleIsReadAsItsSidecarSays) {
  const auto all = samples();
  ASSERT_GE(all.size(), 680U);
  for (const auto& path : all) {
    SCOPED_TRACE(path.filename().string());
    auto sidecar = path;
    sidecar.replace_extension(".json");
    const auto want = json::parse(read_file(sidecar)).as_object();
    ASSERT_TRUE(want.contains("source"));
    const auto got = to_json(read_bounce(read_file(path)));
    expect_fields(want, got);
    expect_recipients(want.at("recipients").as_array(), got.at("recipients").as_array());
    if (!want.contains("queue_ids")) continue;
    for (const auto& id : want.at("queue_ids").as_array()) {
      EXPECT_TRUE(std::ranges::any_of(got.at("queue_ids").as_array(), [&](const json::value& q) {
        return q.at("queue_id") == id;
      })) << id;
    }
  }
}

TEST(BounceCorpus, NearlyEveryReasonIsAsLabelled) {
  const auto rules =
      ReasonRules::trust(parse_reason_rules(shipped_reason_rules(), "reasons.yaml").value(),
                         ReasonWords::parse(shipped_reason_words()).value());
  const auto classify = [&](auto status, auto code, auto text) {
    const auto decided = rules->decide(status, code, text);
    return ClassifiedText{decided.reason, decided.by_words};
  };
  std::size_t labelled = 0;
  std::string wrong;
  std::size_t wrong_count = 0;
  for (const auto& path : samples()) {
    auto sidecar = path;
    sidecar.replace_extension(".json");
    auto report = read_bounce(read_file(path));
    add_reasons(classify, report);
    const auto got = to_json(report);
    const auto want = json::parse(read_file(sidecar));
    for (const auto& wanted : want.at("recipients").as_array()) {
      if (!wanted.as_object().contains("reason")) continue;
      ++labelled;
      const auto& told = got.at("recipients").as_array();
      const auto found = std::ranges::find_if(told, [&](const json::value& r) {
        return r.at("recipient").is_string() &&
               equal_ignoring_case(r.at("recipient").as_string(),
                                   wanted.at("recipient").as_string());
      });
      if (found != told.end() && found->at("reason") == wanted.at("reason")) continue;
      ++wrong_count;
      wrong += path.stem().string() + "\n";
    }
  }
  EXPECT_GE(labelled, 600U);
  EXPECT_LE(wrong_count * 50, labelled) << wrong;
}

// A pattern too large for its memory says so there, and is slow from then on.
TEST(BounceCorpus, ReadingWritesNothingToStderr) {
  testing::internal::CaptureStderr();
  for (const auto& path : samples()) read_bounce(read_file(path));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// Each value that was found names the place where it stood.
TEST(BounceCorpus, EveryValueHasASource) {
  for (const auto& path : samples()) {
    SCOPED_TRACE(path.filename().string());
    const auto got = to_json(read_bounce(read_file(path)));
    for (const auto& recipient : got.at("recipients").as_array()) {
      for (const auto& [name, value] : recipient.as_object()) {
        if (value.is_null() || name == "reason" || name == "sources") continue;
        EXPECT_TRUE(recipient.at("sources").as_object().contains(name)) << name;
      }
    }
  }
}

// A paste in a mail program: every line behind "> ". What is recovered must not change.
TEST(BounceCorpus, QuotingChangesNothing) {
  for (const auto& path : samples()) {
    SCOPED_TRACE(path.filename().string());
    const auto text = read_file(path);
    if (text.starts_with("\xff\xfe")) continue;  // UTF-16
    std::string quoted = "> ";
    for (const char c : text) {
      quoted.push_back(c);
      if (c == '\n') quoted += "> ";
    }
    const auto plain = to_json(read_bounce(text));
    const auto got = to_json(read_bounce(quoted));
    EXPECT_EQ(got.at("kind"), plain.at("kind"));
    EXPECT_EQ(names_of(got.at("recipients").as_array()),
              names_of(plain.at("recipients").as_array()));
  }
}

TEST(BounceCorpus, LineEndsChangeNothing) {
  for (const auto& path : samples()) {
    SCOPED_TRACE(path.filename().string());
    const auto text = read_file(path);
    if (text.starts_with("\xff\xfe")) continue;  // UTF-16
    std::string windows;
    std::string old_mac;
    for (const char c : text) {
      if (c == '\n') windows.push_back('\r');
      windows.push_back(c);
      old_mac.push_back(c == '\n' ? '\r' : c);
    }
    const auto plain = json::serialize(to_json(read_bounce(text)));
    EXPECT_EQ(json::serialize(to_json(read_bounce(windows))), plain);
    EXPECT_EQ(json::serialize(to_json(read_bounce(old_mac))), plain);
  }
}

}  // namespace
}  // namespace rastro
